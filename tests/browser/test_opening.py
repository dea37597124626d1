"""The page while there is nothing to ask yet, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from rag.errors import NotReady
from rag.types import Article, Manifest, Work
from tests.support.scripted_backend import ScriptedBackend, serving
from tests.support.scripted_keeper import ScriptedKeeper


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


@pytest.mark.long
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
