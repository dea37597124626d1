"""A visitor chooses between generators."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from rag.types import EVERYTHING, USUAL, Answer, Draft, Effort, Filters
from tests.support.axe import faults
from tests.support.driver import ask, expect_answered, last_turn, open_page
from tests.support.scripted_backend import ScriptedBackend, serving

# In the browser


class Choosing(ScriptedBackend):
    """Offers three. 装入: stands at opening a generator until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        more = {"generators": ("bundled-large", "some/other")}
        self.settings = self.settings.model_copy(update=more)

    def stream(
        self,
        question: str,
        history: object = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Iterator[Draft | Answer]:
        if "装入" in question:
            yield Draft("load")
            if not self._wait(cancel):
                return
        yield from super().stream(question, (), cancel, filters, effort)


@pytest.fixture
def choosing() -> Iterator[Choosing]:
    made = Choosing()
    yield made
    made.go.set()


@pytest.fixture
def page(context: BrowserContext, choosing: Choosing) -> Iterator[Page]:
    with serving(choosing) as address:
        yield open_page(context, address)


def settings_of(page: Page) -> None:
    page.get_by_role("button", name="设置").click()


def answered(page: Page, question: str) -> None:
    ask(page, question)
    expect_answered(page, question)


def test_a_choice_reaches_the_backend_stays_and_can_be_taken_back(
    page: Page, choosing: Choosing
) -> None:
    answered(page, "备案有多少？")
    assert choosing.efforts[-1] == USUAL
    settings_of(page)
    small = page.get_by_role("radio", name="Qwen2.5-Coder-0.5B-Instruct（默认）")
    large = page.get_by_role("radio", name="Qwen2.5-Coder-1.5B-Instruct")
    expect(small).to_be_checked()
    large.check()
    page.keyboard.press("Escape")
    answered(page, "占全省多少？")
    assert choosing.efforts[-1].generator == "bundled-large"
    page.reload()
    expect(page.locator("#live .question")).to_have_text("占全省多少？")
    answered(page, "平台有几个？")
    assert choosing.efforts[-1].generator == "bundled-large"
    settings_of(page)
    expect(large).to_be_checked()
    small.check()
    page.keyboard.press("Escape")
    answered(page, "园区在哪里？")
    assert choosing.efforts[-1].generator is None
    settings_of(page)
    page.get_by_role("radio", name="some/other").check()
    page.get_by_role("button", name="恢复默认").click()
    expect(small).to_be_checked()
    page.keyboard.press("Escape")
    answered(page, "哪一年动工？")
    assert choosing.efforts[-1] == USUAL


@pytest.mark.long
def test_a_stored_name_that_is_not_offered_is_the_usual_one(page: Page, choosing: Choosing) -> None:
    for stored in ('"gone"', "7", "[]", '{"a": 1}', '"\\u0000<b>"'):
        page.evaluate(
            "(text) => localStorage.setItem('rag.settings', text)",
            f'{{"sources": 5, "generator": {stored}}}',
        )
        tab = open_page(page.context, urljoin(page.url, "/"))  # a new tab begins anew
        settings_of(tab)
        expect(tab.get_by_role("radio", name="（默认）")).to_be_checked()
        tab.keyboard.press("Escape")
        answered(tab, "备案有多少？")
        assert choosing.efforts[-1] == Effort(5), stored
        tab.close()


def test_the_page_tells_that_a_model_is_opened_and_can_be_stopped(
    page: Page, choosing: Choosing
) -> None:
    ask(page, "装入：备案有多少？")
    assert choosing.held.wait(20)
    step = last_turn(page).locator(".steps .now")
    expect(step).to_contain_text("首次装入模型")
    expect(step.locator(".took")).to_have_text(re.compile(r"[1-9]\d*\.\d 秒"))  # it runs
    page.get_by_role("button", name="停止").click()
    expect(last_turn(page)).to_contain_text("已停止。")
    assert choosing.cancelled.wait(20)
    answered(page, "备案有多少？")


def test_the_choice_can_be_read_by_all(page: Page) -> None:
    settings_of(page)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        labels = page.locator(".stacked label")
        boxes = [one.bounding_box() for one in labels.all()]
        assert all(one and one["x"] == boxes[0]["x"] for one in boxes if boxes[0]), "one column"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert faults(page) == []
