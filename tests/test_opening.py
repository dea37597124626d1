"""The page while there is nothing to ask yet."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from rag.errors import NotReady
from rag.types import Article, Manifest, Work
from rag.web.opening_view import opening
from tests.scripted_backend import NASTY, ScriptedBackend, serving
from tests.scripted_keeper import ScriptedKeeper
from tests.test_browser import browser as browser  # fixtures
from tests.test_browser import context as context
from tests.test_browser import pytestmark as needs_chromium


class Shut(ScriptedBackend):
    """One that is being opened until it is told otherwise."""

    ready = False

    @property
    def manifest(self) -> Manifest:
        self._need()
        return super().manifest

    def articles(self) -> list[Article]:
        self._need()
        return list(super().articles())

    def _need(self) -> None:
        if not self.ready:
            raise NotReady("the index and the models are still being opened; wait a moment")


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (Work(), "正在准备"),
        (Work("编码段落", 20, 63), "编码段落 20 / 63"),
        (Work("装载模型"), "装载模型……"),
        (Work(problem="no corpus folder corpus; make it"), "还没有报纸"),
        (Work(problem="device cuda: torch finds no GPU; set it"), "没有可用的显卡"),
    ],
)
def test_each_state_is_said(work: Work, said: str):
    assert said in opening(work)


def test_a_problem_is_escaped():
    assert "<script" not in opening(Work(problem=NASTY))


@needs_chromium
def test_the_page_opens_by_itself_once_it_can(context: BrowserContext):
    backend, keeper = Shut(), ScriptedKeeper()
    keeper.doing = Work("编码段落", 20, 63)
    with serving(backend, keeper) as url:
        page = context.new_page()
        page.goto(url)
        expect(page.locator(".opening")).to_contain_text("正在准备")
        expect(page.locator(".opening progress")).to_have_attribute("value", "20")
        expect(page.locator("#panel")).to_contain_text("打开以后，馆藏的文章列在这里。")
        page.locator("#box textarea").fill("南湖园区有多少个算法？")
        page.keyboard.press("Enter")  # too early: it is said, and nothing is lost
        expect(page.locator("#notice")).to_contain_text("请稍等")
        expect(page.locator(".opening progress")).to_be_visible()
        backend.ready, keeper.doing = True, Work()
        expect(page.locator(".welcome")).to_contain_text("想从报上了解什么")
        expect(page.locator(".masthead .held")).to_contain_text("馆藏 2 期")
        expect(page.locator("#panel .titles button").first).to_be_visible()
        expect(page.locator("#box textarea")).to_have_value("南湖园区有多少个算法？")
        expect(page.locator("#notice .notice")).to_have_count(0)


@needs_chromium
def test_without_a_corpus_the_way_to_the_library_is_shown(context: BrowserContext):
    keeper = ScriptedKeeper()
    keeper.doing = Work(problem="nothing to index in corpus; add issues ()")
    with serving(Shut(), keeper) as url:
        page = context.new_page()
        page.goto(url)
        page.get_by_role("button", name="去资料库").click()
        expect(page.locator("#library")).to_be_visible()
        expect(page.locator("#upkeep")).to_have_text("还没有报纸，收入第一期就可以提问了。")
        expect(page.locator("#library [role=alert]")).to_have_count(0)
