"""Answers and articles as plain text for the terminal."""

from __future__ import annotations

from rag.answer.prompt import DOUBT
from rag.types import Answer, Article

_MAX_QUOTE = 120


def show_answer(answer: Answer) -> str:
    """The answer, its sources with their quotes, and the times."""
    lines = [answer.text, *([DOUBT] if answer.doubtful else []), ""]
    for citation in answer.citations:
        names = "、".join(citation.reporters)
        source = "，".join(filter(None, (citation.headline, names, str(citation.date or ""))))
        short = len(citation.quote) <= _MAX_QUOTE
        quote = citation.quote if short else f"{citation.quote[: _MAX_QUOTE - 1]}…"
        lines += [f"{citation.marker} {source}（{citation.issue}）", f"    {quote}"]
    prints = [hit.article for hit in answer.evidence.older]
    earlier = dict.fromkeys(f"《{article.title}》{article.date or ''}" for article in prints)
    if earlier and not answer.refused:
        lines.append(f"同文早前也见于：{'、'.join(earlier)}")
    times = answer.timings
    first = "" if times.first_token is None else f"首字 {times.first_token:.2f} 秒 · "
    lines.append(f"检索 {times.retrieve:.2f} 秒 · {first}共 {times.total:.2f} 秒")
    return "\n".join(lines)


def show_article(article: Article, number: int) -> str:
    """What the parser made of an article: one fact a line."""
    facts = [
        ("引题", article.kicker),
        ("副题", article.deck),
        ("栏目", article.column),
        ("记者", "、".join(article.reporters)),
        ("通讯员", "、".join(article.correspondents)),
        ("日期", str(article.date or "")),
        ("版面", article.page),
    ]
    lines = [f"{number}. {article.headline or '（无题）'}  [{article.id}]"]
    lines += [f"   {name}：{value}" for name, value in facts if value]
    names = {"section": "小标题", "sidebar": "附文", "caption": "图注"}
    for section in article.sections:
        label = f"{section.label}｜" if section.label else ""
        text = article.text[section.start : section.end] if section.kind == "caption" else ""
        lines.append(f"   {names[section.kind]}：{label}{section.heading}{text}")
    return "\n".join([*lines, f"   字数：{len(article.text)}", ""])
