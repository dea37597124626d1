"""The tab 资料库: where files are dropped, and what was found in them before they are taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rag.ingest.readers import SUFFIXES
from rag.library import Preview
from rag.types import Article, Issue, Unreadable
from rag.web.article_view import dateline
from rag.web.language import words
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.reasons import reason

FOUND = 12
"""Articles of a file that are shown before it is taken in; the others are counted."""
OPENING = 60
UNREAD = 50


def drop_zone(largest: int) -> Html:
    """Where files are dropped or chosen. largest: bytes of a file."""
    endings = sorted(SUFFIXES)
    chooser = tag(
        "input",
        type="file",
        multiple=True,
        accept=",".join(endings),
        data_largest=largest,
        class_="file",
    )
    limits = words(
        "{endings}；每个不超过 {mb} MB，可以一次选几个",
        endings=" ".join(endings),
        mb=largest // 10**6,
    )
    return tag(
        "label",
        tag("span", words("把报纸文件拖到这里，或点此选择"), class_="ask"),
        tag("span", limits, class_="limits"),
        tag("span", role="status", class_="sending"),
        chooser,
        class_="drop",
    )


def shelf(waiting: Sequence[tuple[int, Preview]], refused: Sequence[str], visit: str) -> Html:
    """Files that were looked at and wait for a decision, and those that cannot be taken.

    visit: differs at each drawing, so that the page knows that its file has been read.
    """
    lines = [tag("p", line, class_="notice", role="alert") for line in refused]
    several = NOTHING
    ready = [preview for _, preview in waiting if preview.held == ""]
    if len(ready) > 1:
        several = tag(
            "p",
            button(words("全部收入（{n} 个）", n=len(ready)), "take_all", class_="primary"),
            button(words("全部放弃"), "discard_all"),
            class_="actions",
        )
    cards = (_card(key, preview) for key, preview in waiting)
    return tag("div", *lines, several, *cards, class_="shelf", data_visit=visit)


def _card(key: int, preview: Preview) -> Html:
    articles = sum(len(issue.articles) for issue in preview.issues)
    facts = " · ".join((words("{n} 期", n=len(preview.issues)), words("{n} 篇文章", n=articles)))
    return tag(
        "section",
        tag("h2", tag("span", preview.name, class_="file-name"), tag("span", facts, class_="note")),
        *_warnings(preview),
        *_found(preview.issues),
        _unread(preview.unreadable),
        tag("p", *_choices(key, preview), class_="actions"),
        class_="card",
        aria_label=words("待收入：{name}", name=preview.name),
    )


def _warnings(preview: Preview) -> Iterator[Html]:
    if preview.held == "same":
        yield tag("p", words("资料库里已有这个文件，内容一样。"), class_="warning")
    elif preview.held == "other":
        yield tag(
            "p", words("资料库里已有同名的文件，内容不同；替换时旧的会另存。"), class_="warning"
        )
    if any(issue.date is None for issue in preview.issues):
        hint = words("日期不详。文件名里写上日期（如 2024-05-01），就能按期排列、按时间提问。")
        yield tag("p", hint, class_="warning")


def _choices(key: int, preview: Preview) -> Iterator[Html]:
    if preview.held == "same":
        yield button(words("知道了"), "discard", data_key=key)
        return
    label = words("替换同名文件") if preview.held else words("收入资料库")
    yield button(label, "take", class_="primary", data_key=key)
    yield button(words("放弃"), "discard", data_key=key)


def _found(issues: Sequence[Issue]) -> Iterator[Html]:
    left = FOUND
    for issue in issues:
        shown = issue.articles[:left]
        if not shown:
            break
        left -= len(shown)
        line = dateline(shown[0]) or issue.title or words("日期不详")
        yield tag("h3", line)
        yield tag("ol", *map(_preview_of, shown), class_="found")
    rest = sum(len(issue.articles) for issue in issues) - (FOUND - left)
    if rest > 0:
        yield tag("p", words("还有 {n} 篇没有列出。", n=rest), class_="aside")


def _preview_of(article: Article) -> Html:
    sections = sum(section.kind != "caption" for section in article.sections)
    counts = [words("{n} 字", n=len(article.text))]
    counts += [words("{n} 个小节", n=sections)] if sections else []
    counts += [words("{n} 条图注", n=len(article.captions))] if article.captions else []
    byline = " ".join(article.byline.split())
    opening = article.text[:OPENING].replace("\n", " ")
    opening += "…" if len(article.text) > OPENING else ""
    return tag(
        "li",
        tag("span", article.headline or words("（无题）"), class_="name"),
        tag("span", " · ".join(filter(None, (byline, *counts))), class_="note"),
        tag("span", opening, class_="opening"),
    )


def _unread(items: Sequence[Unreadable]) -> Html:
    if not items:
        return NOTHING
    rest = words("……共 {n} 处", n=len(items)) if len(items) > UNREAD else ""
    lines = [
        tag("li", tag("span", item.source, class_="file-name"), f" {reason(item.reason)}")
        for item in items[:UNREAD]
    ]
    return join((tag("h3", words("读不出的")), tag("ul", *lines, rest, class_="unread")))


def button(label: str, act: str, **attributes: Any) -> Html:  # noqa: ANN401  # as tag() takes
    """A button of which `library.js` tells the event `act`, with the button's data."""
    return tag("button", label, type="button", data_act=act, **attributes)
