"""Reading in headless Chromium: the card of a marker, from citation to citation, a reference
to copy, shortcuts, and a page that stands still while an answer is written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from rag.answer.reference import reference
from rag.types import Answer, Draft
from tests.support.driver import COUNT, ask, expect_answered, in_view, open_page
from tests.support.scripted_backend import NASTY, ScriptedBackend, serving

QUESTION = "备案有多少？"
PLATFORMS = "园区搭建了6个公共平台。"


def open_card(page: Page) -> Locator:
    return page.locator(".card:popover-open")


def answered(page: Page) -> Page:
    ask(page, QUESTION)
    expect_answered(page, QUESTION)
    return page


def test_a_marker_under_the_mouse_shows_its_quote(page: Page) -> None:
    marker = answered(page).locator(".answer .cite").first
    before = marker.bounding_box()
    marker.hover()
    card = open_card(page)
    expect(card.locator("blockquote")).to_have_text(COUNT)
    expect(card.locator(".headline")).to_have_text("南湖园区：算法备案走在前面")
    expect(card.locator(".dateline")).to_have_text("测试日报 · 2024年5月6日 · 第3版")
    expect(card.locator(".byline")).to_have_text("◎本报记者 甲某　通讯员 乙某")
    assert "Serif" in card.locator("blockquote").evaluate("n => getComputedStyle(n).fontFamily")
    assert marker.bounding_box() == before, "nothing moves"
    expect(marker).to_have_accessible_description(
        f"{COUNT} 南湖园区：算法备案走在前面 测试日报 · 2024年5月6日 · 第3版 ◎本报记者 甲某 通讯员 乙某"
    )
    card.hover()
    page.wait_for_timeout(400)  # longer than it takes to close
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    marker.hover()
    expect(card).to_be_visible()
    page.locator(".masthead .name").hover()
    expect(card).to_have_count(0)


@pytest.mark.long
def test_an_article_is_set_in_a_serif_face_of_the_system(page: Page) -> None:
    answered(page)
    page.locator(".answer .cite").first.click()
    expect(page.locator(".paper mark")).to_be_visible()
    for part in (".paper h2", ".paper .body p"):
        style = page.locator(part).first.evaluate("(one) => getComputedStyle(one).fontFamily")
        assert style.split(",")[-1].strip() == "serif"
    asked = page.locator(".question").first.evaluate("(one) => getComputedStyle(one).fontFamily")
    assert asked.split(",")[-1].strip() == "sans-serif"
    assert page.evaluate("[...document.fonts].length") == 0, "none is loaded"


def test_a_card_stands_inside_the_window(page: Page) -> None:
    answered(page)
    for width, height in ((1440, 900), (900, 300), (390, 500)):
        page.set_viewport_size({"width": width, "height": height})
        cards_stand_inside(page, width, height)


def cards_stand_inside(page: Page, width: int, height: int) -> None:
    for marker in page.locator("#live .cite").all():
        page.mouse.move(0, 0)
        expect(open_card(page)).to_have_count(0)  # the last one may lie over this marker
        marker.hover()
        expect(open_card(page)).to_be_visible()
        box = open_card(page).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height


def test_a_marker_reached_by_keyboard_shows_its_quote(page: Page) -> None:
    answered(page)
    marker = page.locator(".sources .cite").first
    page.locator(".sources .title").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(marker).to_be_focused()
    expect(open_card(page).locator("blockquote")).to_have_text(COUNT)
    page.keyboard.press("Tab")
    expect(open_card(page).locator("blockquote")).to_have_text(PLATFORMS)
    page.keyboard.press("Enter")  # opens the source, which says more
    expect(page.locator(".paper mark")).to_have_text(PLATFORMS)
    expect(open_card(page)).to_have_count(0)


def test_a_card_shows_text_of_the_corpus_as_text(
    page: Page,
    backend: ScriptedBackend,
) -> None:
    ask(page, "引号")
    expect_answered(page, "引号")
    page.locator(".answer .cite").hover()
    quote = open_card(page).locator("blockquote")
    expect(quote).to_have_text(backend.nasty.text.split("\n")[0])
    expect(open_card(page).locator(".byline")).to_contain_text(NASTY)
    assert open_card(page).locator("script, img, a").count() == 0
    assert page.evaluate("window.pwned") is None


def test_a_finger_opens_the_source_and_no_card(browser: Browser, url: str) -> None:
    own = browser.new_context(
        locale="zh-CN",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = answered(open_page(own, url))
    page.locator(".answer .cite").first.tap()
    expect(page.locator(".paper mark")).to_have_text(COUNT)
    expect(open_card(page)).to_have_count(0)
    onward = page.get_by_role("button", name="下一处")
    onward.tap()
    expect(page.locator(".paper mark")).to_have_text(PLATFORMS)
    expect(onward).to_be_focused()
    expect(onward).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="上一处").tap()
    expect(page.locator(".paper mark")).to_have_text(COUNT)
    for label in ("上一处", "下一处", "复制引用", "目录", "关闭原文"):
        box = page.locator("#side").get_by_role("button", name=label).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390, label
        assert box["height"] >= 24, "WCAG 2.2, 2.5.8"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    own.close()


def test_keys_go_from_citation_to_citation(page: Page) -> None:
    answered(page)
    current = page.locator(".answer .cite[aria-current]")
    page.locator("#box textarea").press("]")
    expect(page.locator("#box textarea")).to_have_value("]"), "typing goes on"
    expect(current).to_have_count(0)
    page.locator("#box textarea").fill("")
    page.keyboard.press("Escape")  # out of the box
    page.keyboard.press("]")
    expect(page.locator(".paper mark")).to_have_text(COUNT)
    expect(current).to_have_text("1")
    expect(page.locator(".citation-steps .at")).to_have_text("1/2")
    expect(page.get_by_role("button", name="上一处")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("]")
    expect(page.locator(".spoken")).to_have_text("第 2 处引文，共 2 处")  # for a while
    expect(page.locator(".paper mark")).to_have_text(PLATFORMS)
    assert in_view(page, ".paper mark", ".source .scroll")
    expect(current).to_have_text("2")
    page.keyboard.press("]")
    expect(page.locator(".spoken")).to_have_text("已是最后一处引文")
    page.keyboard.press("[")
    expect(page.locator(".paper mark")).to_have_text(COUNT)

    ask(page, "慢：还有呢？")  # what was read stays marked in the answer before
    expect(page.locator("#past .answer .cite[aria-current]")).to_have_text("1")
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator(".paper mark")).to_have_text(PLATFORMS)
    expect(page.locator("#past .answer .cite[aria-current]")).to_have_text("2")

    page.keyboard.press("Escape")  # the list takes the article's place
    expect(page.locator(".titles")).to_be_visible()
    expect(current).to_have_count(0)
    page.locator(".titles button").last.click()
    expect(page.locator(".paper h2")).to_be_visible()
    expect(page.locator(".citation-steps")).to_be_hidden()


def test_the_keys_for_asking_stopping_and_the_sheet_that_lists_them(
    page: Page,
    backend: ScriptedBackend,
) -> None:
    page.keyboard.press("/")
    expect(page.locator("#box textarea")).to_be_focused()
    expect(page.locator("#box textarea")).to_have_value("")
    page.keyboard.type("慢s")
    page.keyboard.press("Enter")
    expect(page.locator(".draft")).to_have_text("南湖园区")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#live")).to_contain_text("已停止")
    assert backend.cancelled.wait(10)

    sheet = page.get_by_role("dialog", name="快捷键")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    expect(sheet.locator("kbd")).to_have_text(["/", "[", "]", "s", "?", "Esc"])
    expect(sheet.get_by_role("button", name="关闭")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main') === null"), "it keeps the focus"
    page.keyboard.press("/")
    expect(page.locator("#box textarea")).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()

    page.get_by_role("button", name="快捷键").click()
    sheet.get_by_label("使用单键快捷键").uncheck()
    sheet.get_by_role("button", name="关闭").click()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(sheet).to_be_hidden()
    expect(page.locator("#box textarea")).not_to_be_focused()


@pytest.mark.parametrize("way", ["clipboard", pytest.param("plain http", marks=pytest.mark.long)])
def test_a_reference_is_copied(
    context: BrowserContext,
    url: str,
    backend: ScriptedBackend,
    way: str,
) -> None:
    if way == "clipboard":
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        context.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined })"
        )
    page = answered(open_page(context, url))
    page.locator(".answer .cite").first.click()
    button = page.get_by_role("button", name="复制引用")
    button.focus()
    page.keyboard.press("Enter")
    told = "甲某. 南湖园区：算法备案走在前面[N]. 测试日报, 2024-05-06(3)."
    assert reference(backend.long) == told
    expect(page.get_by_role("status").filter(has_text="已复制")).to_have_text(f"已复制：{told}")
    expect(button).to_be_focused()
    page.locator("#box textarea").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#box textarea")).to_have_value(told)


class PacedBackend(ScriptedBackend):
    """Writes a long answer with its markers, sentence by sentence, so that each is painted."""

    def stream(self, question: str, *rest: object, **more: object) -> Iterator[Draft | Answer]:
        answer = self._answer(question)
        said = answer.text.split("。")[:-1] * 12
        lines = ["。".join(said[: end + 1]) + "。" for end in range(len(said))]
        yield Draft("retrieve")
        yield Draft("read")
        for line in lines:
            yield Draft("read", line)
            self.held.set()
            if "慢" in question:
                self.go.wait(20)
            threading.Event().wait(0.02)
        yield Draft("check", lines[-1])
        yield replace(answer, text=lines[-1])


SHIFTS = """() => {
    window.shifts = [];
    const note = (list) => {
        for (const one of list.getEntries()) {
            if (!one.hadRecentInput) window.shifts.push(one.value);
        }
    };
    new PerformanceObserver(note).observe({ type: 'layout-shift', buffered: false });
}"""
SHIFTED = "window.shifts.reduce((sum, one) => sum + one, 0)"


@pytest.mark.parametrize("size", [(1440, 900), pytest.param((412, 915), marks=pytest.mark.long)])
def test_nothing_jumps_while_an_answer_is_written(browser: Browser, size: tuple[int, int]) -> None:
    paced = PacedBackend()
    own = browser.new_context(locale="zh-CN", viewport={"width": size[0], "height": size[1]})
    with serving(paced) as address:
        page = open_page(own, address)
        ask(page, QUESTION)  # the second answer is longer than what is left of the window
        expect_answered(page, QUESTION)
        ask(page, "慢：还有呢？")
        assert paced.held.wait(20)
        expect(page.locator(".draft")).to_be_visible()
        page.wait_for_timeout(600)  # shifts within 500 ms of a key count as expected
        page.evaluate(SHIFTS)
        paced.go.set()
        expect_answered(page, "慢：还有呢？")
        page.wait_for_timeout(200)
        assert page.evaluate(SHIFTED) < 0.02
        # it would have been seen
        page.locator(".masthead").evaluate("node => (node.style.marginBottom = '200px')")
        page.wait_for_function(f"{SHIFTED} > 0.02")
    own.close()
