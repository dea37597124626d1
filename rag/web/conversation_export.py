"""A conversation as a file to keep: Markdown, or one HTML page that needs nothing else.

Both hold for every question what it was limited to, the answer with its markers, each source
as a reference (GB/T 7714-2015) with the sentence quoted, the index that was read and the time.
What stands in them was written by users and newspapers: no markup of theirs comes alive.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rag.answer.prompt import DOUBT
from rag.answer.reference import reference
from rag.types import Article, Citation
from rag.web.answer_view import read_from
from rag.web.conversation import Turn
from rag.web.filters_view import limits_text
from rag.web.language import words
from rag.web.markup import NOTHING, Html, join, tag

TITLE = "报纸问答"
NAME = 24
"""Characters of a question that a file's name holds."""

Articles = Mapping[str, Article]

_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ACTIVE = re.compile(r"[\\`*_\[\]<>&~$|@{}#]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_OPENING = re.compile(r"^(?:[-+=:!]|\d+(?=[.)]))")
_STYLE = """
body { max-width: 42rem; margin: 3rem auto; padding: 0 1.2rem; color: #211e1a;
  background: #faf8f4; line-height: 1.8; overflow-wrap: anywhere;
  font-family: "Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", STSong, SimSun, serif; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 0 0 .4rem; }
section { border-top: 1px solid #e3ddd2; padding: 1.4rem 0; }
ol { list-style: none; padding: 0; } li { margin: .7rem 0; break-inside: avoid; }
blockquote { margin: .2rem 0 0; padding-left: .9rem; border-left: 2px solid #a02c24; }
.aside { color: #6d665d; font-size: .85rem; margin: .3rem 0; }
a { color: #a02c24; text-decoration: none; }
@media print { body { margin: 0; max-width: none; background: none; font-size: 11pt; }
  h2 { break-after: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_markdown(turns: Sequence[Turn], made_at: datetime, articles: Articles | None = None) -> str:
    """The conversation in CommonMark, each text of it escaped; ends with a newline.

    articles: by id, for citations of articles that are not in their answer's evidence; without
    it these lack paper and page. A turn that is not over is told as far as it has come.
    """
    blocks = [f"# {words(TITLE)}", words("导出于 {time}", time=_minute(made_at))]
    for turn in turns:
        blocks.append(f"## {turn.number}. {_markdown(turn.question)}")
        blocks += (f"*{_markdown(aside)}*" for aside in _before(turn))
        blocks += map(_markdown, _lines(_said(turn)))
        blocks += (f"*{_markdown(aside)}*" for aside in _state(turn))
        for citation, told in _sources(turn, articles or {}):
            quote = "\n  >\n".join(f"  > {_markdown(line)}" for line in _lines(citation.quote))
            blocks.append(f"- {_markdown(citation.marker)} {_markdown(told)}\n\n{quote}".rstrip())
        if turn.answer is not None:
            blocks.append(_markdown(read_from(turn.answer)))
    return "\n\n".join(blocks) + "\n"


def to_html(turns: Sequence[Turn], made_at: datetime, articles: Articles | None = None) -> str:
    """The conversation as one page without scripts or anything from outside.

    articles: as for `to_markdown`.
    """
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", words(TITLE)),
        tag("style", Html(_STYLE)),
    )
    body = tag(
        "body",
        tag("h1", words(TITLE)),
        tag("p", words("导出于 {time}", time=_minute(made_at)), class_="aside"),
        *(_section(turn, articles or {}) for turn in turns),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='zh-CN')}\n"


def file_name(turns: Sequence[Turn], ending: str) -> str:
    """A name that every file system takes, after the first question: 报纸问答-….md.

    ending: without its dot.
    """
    asked = unicodedata.normalize("NFC", _clean(turns[0].question)) if turns else ""
    about = re.sub(r"[^\w]+", "-", asked)[:NAME].strip("-_")
    return f"{TITLE}-{about}.{ending}" if about else f"{TITLE}.{ending}"


def _section(turn: Turn, articles: Articles) -> Html:
    sources = [
        tag(
            "li",
            tag("span", f"{citation.marker} {_line(told)}", id=_anchor(turn, citation)),
            tag("blockquote", *(tag("div", line) for line in _lines(citation.quote))),
        )
        for citation, told in _sources(turn, articles)
    ]
    return tag(
        "section",
        tag("h2", f"{turn.number}. {_line(turn.question)}"),
        *(tag("p", _line(aside), class_="aside") for aside in _before(turn)),
        *(tag("p", _with_links(line, turn)) for line in _lines(_said(turn))),
        *(tag("p", _line(aside), class_="aside") for aside in _state(turn)),
        tag("ol", *sources) if sources else NOTHING,
        tag("p", _line(read_from(turn.answer)), class_="aside") if turn.answer else NOTHING,
    )


def _with_links(line: str, turn: Turn) -> Html:
    """A line of the answer, its markers made links to their sources below."""
    known = {c.marker: c for c in turn.answer.citations} if turn.answer else {}
    if not known:
        return join([line])
    marker = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    return join(
        tag("a", piece, href=f"#{_anchor(turn, known[piece])}") if piece in known else piece
        for piece in re.split(f"({marker})", line)
    )


def _anchor(turn: Turn, citation: Citation) -> str:
    return f"q{turn.number}-{citation.marker.strip('[]')}"


def _before(turn: Turn) -> Iterator[str]:
    """What stands between a question and its answer."""
    if limited := limits_text(turn.filters):
        yield words("限于 {text}", text=limited)
    if turn.answer is not None and turn.answer.standalone not in ("", turn.answer.question):
        yield words("读作：{question}", question=turn.answer.standalone)


def _said(turn: Turn) -> str:
    return turn.answer.text if turn.answer is not None else turn.text


def _state(turn: Turn) -> Iterator[str]:
    """Why there is no whole answer, or that it may be none to this question."""
    if turn.answer is None:
        states = {"stopped": "已停止。", "failed": turn.problem}
        yield words(states.get(turn.status, "还在回答。"))
    elif turn.answer.doubtful:
        yield words(DOUBT)


def _sources(turn: Turn, articles: Articles) -> Iterator[tuple[Citation, str]]:
    """The citations, each with its reference."""
    if turn.answer is None:
        return
    evidence = turn.answer.evidence
    known = {h.article.id: h.article for h in (*evidence.hits, *evidence.wider, *evidence.older)}
    for citation in turn.answer.citations:
        i = citation.article_id
        yield citation, reference(known.get(i) or articles.get(i) or _as_cited(citation))


def _as_cited(citation: Citation) -> Article:
    """As much of an article as its citation tells."""
    return Article(
        id=citation.article_id,
        issue_id=citation.issue,
        headline=citation.headline,
        text=citation.quote,
        reporters=citation.reporters,
        date=citation.date,
    )


def _minute(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M")


def _markdown(text: str) -> str:
    """A text as one line of CommonMark in which nothing is markup, and no address a link."""
    line = _ACTIVE.sub(lambda match: f"\\{match[0]}", _line(text))
    opening = _OPENING.match(line)
    if not opening:
        return line
    at = opening.end() if line[0].isdecimal() else 0
    return f"{line[:at]}\\{line[at:]}"


def _lines(text: str) -> list[str]:
    """The lines of a text that hold anything."""
    return list(filter(None, map(_line, _clean(text).splitlines())))


def _line(text: str) -> str:
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    """Without control characters and marks that turn the direction; halves of pairs become ?."""
    return _CONTROL.sub("", text.replace("\r", "\n")).encode("utf-8", "replace").decode("utf-8")
