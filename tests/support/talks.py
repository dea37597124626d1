"""Conversations: led without a page, and in one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, expect

from rag.types import Filters
from rag.web.conversation import Conversation
from rag.web.handlers import Handlers
from rag.web.kept import turn_to_dict
from tests.support.driver import ask, expect_answered
from tests.support.scripted_backend import ScriptedBackend

FIRST, SECOND = "南湖园区有多少个算法通过备案？", "其中占全省多少？"


def talk(backend: ScriptedBackend, *questions: str, filters: Filters | None = None) -> Conversation:
    """A conversation as the handlers lead it."""
    conversation, handlers = Conversation(filters=filters or Filters()), Handlers(backend)
    for question in questions:
        handlers.submit(question, conversation)
        list(handlers.run(conversation))
        handlers.settle(conversation)
    return conversation


def record(conversation: Conversation) -> dict[str, Any]:
    """As the browser keeps it, after its way through JSON."""
    turns = [turn_to_dict(turn) for turn in conversation.turns]
    whole = {"id": conversation.id, "title": "", "changed": 1, "turns": turns}
    return json.loads(json.dumps(whole))  # type: ignore[no-any-return]


def nothing(_id: str) -> None:
    return None


SHOWN = "Object.keys(localStorage).filter((key) => key.startsWith('rag.talk.'))"


def names(page: Page) -> Sequence[str]:
    return page.locator(".talks .name").all_inner_texts()


def asked(page: Page, *questions: str) -> None:
    for question in questions:
        ask(page, question)
        expect_answered(page, question)


def kept(page: Page, count: int) -> None:
    page.wait_for_function(f"{SHOWN}.length === {count}")


def fresh(page: Page) -> None:
    page.locator("[data-talks=fresh]").click()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)


def open_list(page: Page) -> None:
    page.get_by_role("button", name="对话", exact=True).click()
    expect(page.locator(".talks")).to_be_visible()
