"""The tab 资料库: files that could not be read, the generations of the index, and what is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.library import Files
from rag.types import News, Unreadable
from rag.web.language import words
from rag.web.library_view import remover
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.reasons import reason

MOST = 100
COUNTS = (("issues", "期"), ("articles", "篇"), ("passages", "段"))
NAMED = 3


def quarantine(items: Sequence[Unreadable], files: Files | None) -> Html:
    """Files that take no part in answers, each with the reason; nothing where all were read."""
    if not items:
        return NOTHING
    rows = [_unreadable(item, files) for item in items[:MOST]]
    more = words("列出前 {n} 个，其余见 rag status。", n=MOST) if len(items) > MOST else ""
    return tag(
        "section",
        tag(
            "h2",
            words("隔离区"),
            tag("span", words("{n} 个文件读不出", n=len(items)), class_="note"),
        ),
        tag("p", words("它们不参与回答。改好后会自动再读。"), class_="aside"),
        tag("ul", *rows, class_="quarantine"),
        tag("p", more, class_="aside") if more else NOTHING,
    )


def _unreadable(item: Unreadable, files: Files | None) -> Html:
    source = files.of(item.source) if files else ""
    # a page of an archive cannot be removed alone
    removal = remover(source) if source == item.source else NOTHING
    return tag(
        "li",
        tag("span", item.source, class_="file-name"),
        tag("span", reason(item.reason), class_="reason"),
        removal,
    )


def generations(facts: Sequence[Mapping[str, Any]]) -> Html:
    """The generations of the index, the newest first; facts as `rag.index.show.status` has them."""
    if not facts:
        return NOTHING
    heads = [
        tag("th", label, scope="col", class_=kind)
        for label, kind in (
            (words("版本"), None),
            (words("建于（UTC）"), None),
            *((words(label), "number") for _, label in COUNTS),
            ("", None),
        )
    ]
    body = [_generation(one) for one in reversed(facts)]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body))
    hint = words("每次更新都另建一版，建成才换上；rag rollback 退回上一版。")
    return tag("section", tag("h2", words("索引版本")), table, tag("p", hint, class_="aside"))


def _generation(one: Mapping[str, Any]) -> Html:
    used = words("在用") if one["in_use"] else ""
    cells: tuple[Html, ...]
    if one["problem"]:
        cells = (tag("td", reason(str(one["problem"])), colspan=4, class_="quiet"),)
    else:
        built = str(one["built"])[:16].replace("T", " ")
        counts = (
            tag("td", str(one[kind]), class_="number", data_label=words(label))
            for kind, label in COUNTS
        )
        cells = (tag("td", built, class_="built"), *counts)
    name = tag("th", str(one["version"]), scope="row")
    return tag("tr", name, *cells, tag("td", used, class_="used"))


def toast(news: Sequence[News], number: int) -> Html:
    """What came of the latest changes, in a line; nothing where no article came or went.

    number: differs from toast to toast, so that the same words are shown again.
    """
    line = news_line(news)
    if not line:
        return NOTHING
    issues = [title for one in news for title in one.issues]
    named = words("、").join(issues[:NAMED])
    named = words("{names}等", names=named) if len(issues) > NAMED else named
    return tag(
        "div",
        tag("p", line),
        tag("p", named, class_="named") if named else NOTHING,
        tag("button", words("看资料库"), type="button", data_act="show"),
        tag("button", "×", type="button", data_act="dismiss", aria_label=words("关闭通知")),
        class_="toast",
        data_number=number,
    )


def news_line(news: Sequence[News]) -> str:
    """Several changes as one; empty where no article came or went."""
    added, removed, changed = (
        sum(getattr(one, kind) for one in news) for kind in ("added", "removed", "changed")
    )
    issues = sum(len(one.issues) for one in news)
    if not added and not removed and not changed:
        return ""
    if issues and not removed and not changed:
        came = words("新一期已入库") if issues == 1 else words("{n} 期新报已入库", n=issues)
        return words("{came}：{articles}", came=came, articles=words("{n} 篇文章", n=added))
    parts = [words("新增 {n} 篇", n=added)] if added else []
    parts += [words("改动 {n} 篇", n=changed)] if changed else []
    parts += [words("删去 {n} 篇", n=removed)] if removed else []
    return words("资料已更新：{changes}", changes=words("，").join(parts))


def keeping(
    items: Sequence[Unreadable], files: Files | None, facts: Sequence[Mapping[str, Any]]
) -> Html:
    """Quarantine and generations."""
    return join((quarantine(items, files), generations(facts)))
