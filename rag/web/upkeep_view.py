"""The tab 资料库: files that could not be read, the generations of the index, and what is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.library import Files
from rag.types import News, Unreadable
from rag.web.library_view import remover
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.reasons import in_chinese

MOST = 100
NAMED = 3


def quarantine(items: Sequence[Unreadable], files: Files | None) -> Html:
    """Files that take no part in answers, each with the reason; nothing where all were read."""
    if not items:
        return NOTHING
    rows = [_unreadable(item, files) for item in items[:MOST]]
    more = f"列出前 {MOST} 个，其余见 rag status。" if len(items) > MOST else ""
    return tag(
        "section",
        tag("h2", "隔离区", tag("span", f"{len(items)} 个文件读不出", class_="note")),
        tag("p", "它们不参与回答。改好后会自动再读。", class_="aside"),
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
        tag("span", in_chinese(item.reason), class_="reason"),
        removal,
    )


def generations(facts: Sequence[Mapping[str, Any]]) -> Html:
    """The generations of the index, the newest first; facts as `rag.index.show.status` has them."""
    if not facts:
        return NOTHING
    heads = [
        tag("th", label, scope="col", class_="number" if label in "期篇段" else None)
        for label in ("版本", "建于（UTC）", "期", "篇", "段", "")
    ]
    body = [_generation(one) for one in reversed(facts)]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body))
    hint = "每次更新都另建一版，建成才换上；rag rollback 退回上一版。"
    return tag("section", tag("h2", "索引版本"), table, tag("p", hint, class_="aside"))


def _generation(one: Mapping[str, Any]) -> Html:
    used = "在用" if one["in_use"] else ""
    cells: tuple[Html, ...]
    if one["problem"]:
        cells = (tag("td", in_chinese(str(one["problem"])), colspan=4, class_="quiet"),)
    else:
        built = str(one["built"])[:16].replace("T", " ")
        counts = (
            tag("td", str(one[kind]), class_="number", data_label=label)
            for kind, label in (("issues", "期"), ("articles", "篇"), ("passages", "段"))
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
    named = "、".join(issues[:NAMED]) + ("等" if len(issues) > NAMED else "")
    return tag(
        "div",
        tag("p", line),
        tag("p", named, class_="named") if named else NOTHING,
        tag("button", "看资料库", type="button", data_act="show"),
        tag("button", "×", type="button", data_act="dismiss", aria_label="关闭通知"),
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
        came = "新一期已入库" if issues == 1 else f"{issues} 期新报已入库"
        return f"{came}：{added} 篇文章"
    parts = [f"新增 {added} 篇"] if added else []
    parts += [f"改动 {changed} 篇"] if changed else []
    parts += [f"删去 {removed} 篇"] if removed else []
    return f"资料已更新：{'，'.join(parts)}"


def keeping(
    items: Sequence[Unreadable], files: Files | None, facts: Sequence[Mapping[str, Any]]
) -> Html:
    """Quarantine and generations."""
    return join((quarantine(items, files), generations(facts)))
