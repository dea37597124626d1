"""Around an answer, in the page: what can be done with it, thumbs, related questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from rag.feedback import Feedback
from rag.types import Answer, Evidence, Hit, Passage
from rag.web.verified import LABEL
from tests.support.driver import ask, expect_answered, last_turn, open_page
from tests.support.scripted_backend import NASTY, REFUSAL, ScriptedBackend, serving


class Backend(ScriptedBackend):
    """Its answers rest on a passage, as those of the generator do."""

    def _answer(self, question: str) -> Answer:
        answer = super()._answer(question)
        if "目录" in question:
            return answer
        hits = tuple(self._hit(place) for place in range(5))
        return replace(answer, evidence=Evidence(question, hits))

    def _hit(self, place: int) -> Hit:
        article = self.long if place < 2 else replace(self.nasty, id=f"{place:016}")
        passage = Passage(f"p{place}", article.id, 0, 9, article.text[:9])
        return Hit(passage, article, 0.9, 0.8, 12.5)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    made = Backend()
    kept = {"feedback": tmp_path / "feedback.sqlite3"}
    made.settings = made.settings.model_copy(update=kept)
    yield made
    made.go.set()


# marks


def rows(backend: Backend) -> list[tuple[str, str, str, str]]:
    found = Feedback(backend.settings.feedback).rows()
    return [(one.question, one.verdict, one.reason, one.comment) for one in found]


# in the browser


@pytest.fixture
def page(context: BrowserContext, backend: Backend) -> Iterator[Page]:
    with serving(backend) as url:
        yield open_page(context, url)


def act(page: Page, name: str) -> Locator:
    return page.locator(f"#live [data-act={name}]")


def test_the_line_of_the_steps_stays_where_it_is(page: Page, backend: Backend) -> None:
    ask(page, "慢：备案有多少？")
    now = page.locator(".steps .now")
    expect(now).to_have_text(re.compile(r"阅读 \d+\.\d 秒"))
    first = now.inner_text()
    expect(now).not_to_have_text(first)  # it goes on while nothing is written
    places = "['#live .progress', '#live .answer', '#ask'].map((one) => { const box = document.querySelector(one).getBoundingClientRect(); return [box.top, box.left]; })"
    before = page.evaluate(places)
    height = page.locator("#live .progress").evaluate("node => node.offsetHeight")
    backend.go.set()
    expect_answered(page, "慢：备案有多少？")
    assert page.evaluate(places) == before
    assert page.locator("#live .timings").evaluate("node => node.offsetHeight") == height


def test_marks_and_actions_are_named_and_come_on_hover_and_focus(page: Page) -> None:
    ask(page, "第一问")
    expect_answered(page, "第一问")
    expect(page.get_by_role("img", name=LABEL)).to_have_count(2)
    ask(page, "第二问")
    expect_answered(page, "第二问")
    past = page.locator("#past .acts")
    expect(past).to_have_css("opacity", "0")
    page.locator("#past .question").hover()
    expect(past).to_have_css("opacity", "1")
    page.locator("#panel").hover()
    expect(past).to_have_css("opacity", "0")
    page.locator("#past [data-act=up]").focus()
    expect(past).to_have_css("opacity", "1")


def test_an_answer_is_copied_with_its_references(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "备案？")
    expect_answered(page, "备案？")
    page.get_by_role("button", name="复制", exact=True).click()
    expect(page.locator(".spoken")).to_have_text("已复制：回答和来源")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("南湖园区累计有27个算法通过备案，占全省的31%[1]。")
    assert "[2] 甲某. 南湖园区：算法备案走在前面[N]. 测试日报, 2024-05-06(3)." in text


@pytest.mark.long
def test_a_question_is_changed_from_the_keyboard(page: Page, backend: Backend) -> None:
    for question in ("第一问", "第二问"):
        ask(page, question)
        expect_answered(page, question)
    page.locator("#past [data-act=edit]").focus()
    page.keyboard.press("Enter")
    box = page.locator("#box textarea")
    expect(box).to_have_value("第一问")
    expect(box).to_be_focused()
    expect(page.locator(".editing")).to_contain_text("正在修改第 1 问")
    page.get_by_role("button", name="不改了").click()
    expect(page.locator(".editing")).to_have_count(0)
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    page.locator("#past [data-act=edit]").focus()
    page.keyboard.press("Enter")
    expect(box).to_have_value("第一问")
    ask(page, "第一问改")
    expect_answered(page, "第一问改")
    expect(page.locator(".turn")).to_have_count(1)
    assert backend.asked[-1] == ("第一问改", ())


@pytest.mark.long
def test_what_is_being_written_outlives_a_change_and_an_offered_question(page: Page) -> None:
    ask(page, "第一问")
    expect_answered(page, "第一问")
    box = page.locator("#box textarea")
    box.fill("写了一半")
    act(page, "edit").click()
    expect(box).to_have_value("第一问")
    page.keyboard.press("Escape")
    expect(page.locator(".editing")).to_have_count(0)
    expect(box).to_have_value("写了一半")
    expect(box).to_be_focused()
    page.get_by_role("button", name="园区在哪里？").click()
    expect_answered(page, "园区在哪里？")
    expect(box).to_have_value("写了一半")


def test_a_thumb_down_asks_why(page: Page, backend: Backend) -> None:
    ask(page, "备案？")
    expect_answered(page, "备案？")
    act(page, "down").click()
    expect(act(page, "down")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("答非所问")).to_be_focused()
    page.get_by_label("引错了原文").check()
    page.get_by_label("补充说明").fill("不是这一篇")
    page.keyboard.press("Enter")
    expect(page.locator(".noted")).to_have_text("已记下，引错了原文")
    expect(page.locator(".why")).to_have_count(0)
    expect(act(page, "down")).to_be_focused()
    assert rows(backend) == [("备案？", "down", "引错了原文", "不是这一篇")]
    act(page, "down").click()
    expect(page.get_by_label("引错了原文")).to_be_checked()
    expect(page.get_by_label("引错了原文")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".why")).to_have_count(0)
    act(page, "up").click()
    expect(act(page, "up")).to_have_attribute("aria-pressed", "true")
    assert rows(backend) == [("备案？", "up", "", "")]


def test_the_last_answer_is_given_anew(page: Page, backend: Backend) -> None:
    ask(page, "备案？")
    expect_answered(page, "备案？")
    act(page, "anew").click()
    expect(page.locator("#live .anew.aside")).to_have_text("这一次多读了 2 段资料，答案没有变。")
    expect(page.locator(".turn")).to_have_count(1)
    assert len(backend.asked) == 2


def test_a_related_question_is_asked_and_the_place_of_the_next_is_kept(page: Page) -> None:
    ask(page, "备案？")
    expect_answered(page, "备案？")
    expect(page.locator(".related button")).to_have_count(3)
    page.get_by_role("button", name="园区在哪里？").click()
    expect_answered(page, "园区在哪里？")
    expect(page.get_by_role("button", name="园区在哪里？")).to_have_count(0)
    ask(page, "没有接着问的")
    expect_answered(page, "没有接着问的")
    expect(page.locator(".related button")).to_have_count(0)


def test_under_a_refusal_an_article_is_opened_to_be_read(page: Page, backend: Backend) -> None:
    ask(page, "明天天气？")
    expect_answered(page, "明天天气？")
    expect(page.locator(".answer.refused")).to_have_text(REFUSAL)
    expect(page.locator("#live .verified")).to_have_count(0)
    page.locator(".nearest button").first.click()
    expect(page.locator(".paper h2")).to_have_text(backend.long.headline)
    expect(page.locator(".paper mark")).to_have_count(0)


def test_the_conversation_is_kept_as_a_file(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#foot")).to_be_hidden()
    ask(page, f"备案？{NASTY[:30]}")
    expect(page.locator("#live .timings")).to_be_visible()
    for label, ending in (("Markdown", "md"), ("HTML", "html")):
        with page.expect_download() as caught:
            page.get_by_role("button", name=label).click()
        kept = tmp_path / f"kept.{ending}"
        caught.value.save_as(kept)
        assert caught.value.suggested_filename.endswith(f".{ending}")
        text = kept.read_text(encoding="utf-8")
        assert "南湖园区累计有27个算法通过备案" in text
        assert "<script>window" not in text
    expect(page.locator(".spoken")).to_contain_text("已导出")


@pytest.mark.long
def test_on_a_phone_the_actions_are_always_there(browser: Browser, backend: Backend) -> None:
    phone = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    with serving(backend) as url:
        page = open_page(phone, url)
        for question in ("第一问", "第二问"):
            ask(page, question)
            expect_answered(page, question)
        expect(page.locator("#past .acts")).to_have_css("opacity", "1")
        expect(last_turn(page).locator(".acts")).to_have_css("opacity", "1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        phone.close()
