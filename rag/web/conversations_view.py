"""The list of conversations as it is drawn, and what passes between it and the server.

Its entries are made in the browser (`conversations.js`), which has them or is given them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from rag.types import Filters
from rag.web.conversation import Turn
from rag.web.filters_view import given_of, limits_line
from rag.web.language import CHINESE, words
from rag.web.markup import NOTHING, Html, tag

KEPT = "只存在这个浏览器里，不会传到别处。最多留 60 段（约 2 MB），满了先删最早的。"
KEPT_BY_SERVER = (
    "存在这台服务器上，换个浏览器登录也在，别的用户看不到。"
    "最多留 200 段（约 4 MB），满了先删最早的。"
)


def opener() -> Html:
    """The button in the masthead."""
    return tag(
        "button",
        words("对话"),
        type="button",
        class_="quiet talks-open",
        title=words("以前的对话"),
        data_talks="toggle",
        aria_controls="talk-list",
        aria_expanded="false",
    )


def shell() -> Html:
    """The column without its entries: a dialog, since on a narrow screen it covers the page."""
    return tag(
        "dialog",
        tag(
            "div",
            tag("strong", words("对话")),
            tag("button", words("收起"), type="button", class_="quiet", data_talks="close"),
            class_="top",
        ),
        tag("button", words("新对话"), type="button", class_="fresh", data_talks="fresh"),
        tag(
            "input",
            type="search",
            class_="find",
            placeholder=words("搜索"),
            aria_label=words("搜索对话"),
            maxlength=100,
            autocomplete="off",
        ),
        tag("div", class_="entries"),
        tag("div", class_="told", role="status"),
        tag("p", words(KEPT), class_="foot"),
        tag("p", words(KEPT_BY_SERVER), class_="foot", data_login=True, hidden=True),
        id="talk-list",
        class_="talks",
        aria_label=words("对话"),
    )


def told(message: Mapping[str, object], visit: str) -> Html:
    """A message to the list, as JSON. visit: differs each time, so that it always arrives."""
    text = json.dumps({**message, "visit": visit})
    return tag("div", text, hidden=True)


def link(turn: Turn) -> Html:
    """The button that copies a link to an answer: the question and its filters, nothing else."""
    if turn.answer is None:
        return NOTHING
    given = {name: value for name, value in given_of(turn.filters).items() if value}
    return tag(
        "button",
        words("链接"),
        type="button",
        class_="quiet link",
        title=words(
            "复制这一问的链接。在存着这段对话的地方打开会回到这个回答，在别处打开可以照样再问"
        ),
        data_link=urlencode({"a": turn.question, **given}, errors="replace"),
    )


def linked(question: str, filters: Filters) -> Html:
    """A question that came with a link. It is asked once somebody says so."""
    return tag(
        "section",
        tag("p", words("链接里的问题"), class_="aside"),
        tag("h2", question, class_="question", lang=CHINESE),
        limits_line(filters),
        tag("button", words("提问"), type="button", class_="go", data_question=question),
        class_="linked",
    )
