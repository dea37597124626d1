"""The tab 资料库: what the corpus holds, by issue and over time, and what is being done to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from rag.library import Files
from rag.types import Work
from rag.web.article_view import printed_date, printed_page
from rag.web.holdings import Holding, Period
from rag.web.language import CHINESE, composed, words
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.reasons import holds_nothing, reason
from rag.web.shelf_view import button
from rag.web.timeline import timeline

PAGE = 60
"""Issues that are listed, and that each 再列 adds."""


def introduction(writable: bool) -> Html:
    """What the tab is for."""
    said = words("回答所依据的报纸都在这里。")
    if writable:
        said += words("新的一期拖进来，看过解析出的文章再收入；收入后自动读入，不必重启。")
    return join((tag("h1", words("资料库")), tag("p", said)))


def upkeep(work: Work) -> Html:
    """What is being done to the index, or why it could not be done."""
    if holds_nothing(work.problem):
        return tag("p", words("还没有报纸，收入第一期就可以提问了。"), class_="none")
    if work.problem:
        return tag(
            "p",
            words("索引没有更新成：{reason}。", reason=reason(work.problem)),
            class_="notice",
            role="alert",
        )
    if not work.step:
        return NOTHING
    step = composed(work.step)
    far = f" {work.done} / {work.total}" if work.total else "……"
    known: dict[str, Any] = {"value": work.done, "max": work.total} if work.total else {}
    bar = tag("progress", aria_label=words("正在更新索引：{step}", step=step), **known)
    return tag(
        "div",
        bar,
        tag("p", words("正在更新索引：{step}", step=f"{step}{far}")),
        class_="progress-of-run",
    )


def collection(
    held: Sequence[Holding],
    shown: int,
    chosen: tuple[Period, str] | None,
    files: Files | None,
) -> Html:
    """The chart, and the issues, newest first.

    shown: at most so many are listed. chosen: a period with its name; the others are left out.
    files: those of the corpus; None where nothing can be removed.
    """
    if not held:
        empty = words("还没有读入任何报纸。")
        empty += words("把报纸文件拖到上面的框里。" if files else "把文件放进资料文件夹。")
        return tag("p", empty, class_="empty")
    period = chosen[0] if chosen else None
    wanted = [one for one in held if period is None or period.holds(one.date)]
    lists = [
        join((tag("h3", year), tag("ul", *(_issue(one, files) for one in group), class_="issues")))
        for year, group in groupby(wanted[:shown], key=_year)
    ]
    rest = len(wanted) - shown
    more = words("再列 {n} 期（还有 {rest} 期）", n=min(rest, PAGE), rest=rest)
    return join(
        (
            tag("h2", words("馆藏"), tag("span", _extent(held), class_="note")),
            timeline(held, period),
            _filtered(chosen[1], wanted) if chosen else NOTHING,
            *lists,
            tag("p", button(more, "more"), class_="actions") if rest > 0 else NOTHING,
        )
    )


def _year(holding: Holding) -> str:
    return words("{day.year}年", day=holding.date) if holding.date else words("日期不详")


def _extent(held: Sequence[Holding]) -> str:
    days = [one.date for one in held if one.date]
    parts = [
        words("{n} 期", n=len(held)),
        words("{n} 篇文章", n=sum(len(one.articles) for one in held)),
    ]
    if days:
        parts.append(_between(min(days), max(days)))
    if unknown := len(held) - len(days):
        parts.append(words("{n} 期日期不详", n=unknown))
    return " · ".join(parts)


def _between(first: date, last: date) -> str:
    return (
        words("{first}至{last}", first=printed_date(first), last=printed_date(last))
        if first != last
        else printed_date(first)
    )


def _filtered(name: str, wanted: Sequence[Holding]) -> Html:
    articles = sum(len(one.articles) for one in wanted)
    said = words(
        "只列出{period}的 {issues}，{articles}。",
        period=name,
        issues=words("{n} 期", n=len(wanted)),
        articles=words("{n} 篇", n=articles),
    )
    return tag("p", said, button(words("列出全部"), "period"), class_="filtered", role="status")


def _issue(one: Holding, files: Files | None) -> Html:
    day = words("{day.month}月{day.day}日", day=one.date) if one.date else ""
    place = " · ".join(part for part in (one.paper, printed_page(one.page)) if part)
    lead = one.articles[0].title
    summary = tag(
        "summary",
        tag("span", day, class_="day") if day else NOTHING,
        tag("span", place or one.id, class_="place"),
        tag("span", lead, class_="lead", lang=CHINESE),
        tag("span", words("{n} 篇", n=len(one.articles)), class_="count"),
    )
    titles = [
        tag(
            "li",
            tag(
                "button",
                tag("span", article.label, class_="column") if article.label else NOTHING,
                tag("span", article.title, class_="name", lang=CHINESE),
                type="button",
                data_open=article.id,
            ),
        )
        for article in one.articles
    ]
    details = tag(
        "details",
        summary,
        tag("ul", *titles, class_="listed"),
        *(_file(source) for source in (files.of_issue(one.id) if files else ())),
        _gone(one, files),
        data_issue=one.id,
    )
    return tag("li", details)


def _gone(one: Holding, files: Files | None) -> Html:
    if files is None or files.of_issue(one.id):
        return NOTHING
    return tag("p", words("文件已移走，下次更新索引后不再列出。"), class_="file-line")


def _file(source: str) -> Html:
    return tag("div", tag("span", source, class_="file-name"), remover(source), class_="file-line")


def remover(source: str) -> Html:
    """A file's removal, which asks once more before it is done."""
    kept = words("移走后不再用来回答。文件不删，放在资料文件夹的 .removed 里，放回来就恢复。")
    if source.lower().endswith(".zip"):
        kept = words("整个压缩包一起移走。{kept}", kept=kept)
    return tag(
        "details",
        tag(
            "summary",
            words("移走…"),
            aria_label=words("移走 {source}", source=source),
            data_shut=words("（再点一下不移）"),
        ),
        tag("span", kept),
        button(words("确认移走"), "remove", data_source=source),
        class_="remover",
    )
