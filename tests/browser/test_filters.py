"""Limits of a question, in the page and over the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Locator, Page, expect

from rag.types import Filters
from tests.support.driver import ask, expect_answered, last_turn, open_page
from tests.support.scripted_backend import ScriptedBackend, serving

MAY = Filters(date(2024, 5, 1), date(2024, 5, 31))


@pytest.fixture(scope="module")
def scripted() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture(scope="module")
def client(scripted: ScriptedBackend) -> Iterator[Client]:
    with serving(scripted) as address:
        yield Client(address, verbose=False)


class TestEndpoints:
    def test_filters_reach_the_assistant(self, client: Client, scripted: ScriptedBackend):
        given = {"from": "2024-05", "to": "2024-05", "paper": "测试日报"}
        told = client.predict("备案有多少？", [], given, api_name="/ask")
        assert told["citations"]
        assert scripted.asked_under[-1] == replace(MAY, paper="测试日报")
        assert client.predict("备案", 3, given, api_name="/search")
        assert not client.predict("备案", 3, {"from": "2025"}, api_name="/search")
        assert client.predict("备案有多少？", [], {"to": "2023"}, api_name="/ask")["refused"]

    @pytest.mark.parametrize("endpoint", ["/ask", "/search"])
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"newspaper": "测试日报"}, 'unknown filter "newspaper"; use from, to, paper'),
            ({"paper": "测试周报"}, 'no paper "测试周报" in the index; nearest: 测试日报'),
            ({"from": "2024-05-02", "to": "2024-05-01"}, "swap them"),
            ({"from": 2024}, "filter from is int; give text"),
            ("测试日报", "filters is str; give an object of from"),
        ],
    )
    def test_what_is_wrong_is_said_in_one_line(
        self, client: Client, endpoint: str, given: object, said: str
    ):
        with pytest.raises(AppError) as caught:
            client.predict("备案", [] if endpoint == "/ask" else 3, given, api_name=endpoint)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


def field(page: Page, label: str) -> Locator:
    return page.locator("#limit-panel").get_by_label(label)


class TestInTheBrowser:
    def test_limits_are_chosen_shown_kept_and_removed(self, page: Page, backend: ScriptedBackend):
        opener = page.get_by_role("button", name="范围", exact=True)
        opener.click()
        expect(opener).to_have_attribute("aria-expanded", "true")
        expect(field(page, "从")).to_be_focused()
        field(page, "从").fill("2024-05-01")
        field(page, "到").fill("2024-05-31")
        field(page, "报纸").select_option("测试日报")
        field(page, "记者").fill("甲某")
        page.get_by_role("button", name="确定").click()
        expect(page.locator("#limit-panel")).to_be_hidden()
        chips = page.locator("#chips .chip .said")
        expect(chips).to_have_text(["2024年5月", "测试日报", "甲某"])
        for question in ("备案有多少？", "那平台呢？"):
            ask(page, question)
            expect_answered(page, question)
            expect(last_turn(page).locator(".limits")).to_have_text(
                "限于 2024年5月 · 报纸 测试日报 · 记者 甲某"
            )
        assert set(backend.asked_under) == {replace(MAY, paper="测试日报", reporter="甲某")}
        page.get_by_role("button", name="去掉范围：2024年5月").click()
        expect(chips).to_have_text(["测试日报", "甲某"])
        expect(page.locator("#chips .chip").first).to_be_focused()
        page.keyboard.press("Delete")
        expect(chips).to_have_text(["甲某"])
        page.keyboard.press("Enter")
        expect(page.locator("#chips .chip")).to_have_count(0)
        expect(page.locator("#box textarea")).to_be_focused()
        ask(page, "备案有多少？")
        expect_answered(page, "备案有多少？")
        expect(last_turn(page).locator(".limits")).to_have_count(0)

    def test_what_is_wrong_is_said_in_the_panel(self, page: Page):
        page.get_by_role("button", name="范围", exact=True).click()
        field(page, "记者").fill("甲梦")
        page.keyboard.press("Enter")
        expect(page.locator("#limit-panel [role=alert]")).to_contain_text("相近的有：甲某")
        expect(field(page, "记者")).to_have_value("甲梦")
        expect(field(page, "记者")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#limit-panel")).to_be_hidden()
        expect(page.get_by_role("button", name="范围", exact=True)).to_be_focused()
        expect(page.locator("#chips .chip")).to_have_count(0)

    @pytest.mark.long
    def test_going_on_to_ask_takes_what_stands_in_the_panel(
        self, page: Page, backend: ScriptedBackend
    ):
        page.get_by_role("button", name="范围", exact=True).click()
        field(page, "报纸").select_option("测试日报")
        page.locator("#box textarea").click()
        expect(page.locator("#chips .chip .said")).to_have_text(["测试日报"])
        expect(page.locator("#limit-panel")).to_be_hidden()
        ask(page, "备案有多少？")
        expect_answered(page, "备案有多少？")
        assert backend.asked_under == [Filters(paper="测试日报")]

    def test_a_refusal_is_asked_again_without_limits(self, page: Page, backend: ScriptedBackend):
        page.get_by_role("button", name="范围", exact=True).click()
        field(page, "从").fill("2025-01-01")
        page.get_by_role("button", name="确定").click()
        expect(page.locator("#chips .chip .said")).to_have_text(["2025年1月1日起"])
        ask(page, "备案有多少？")
        expect(last_turn(page).locator(".limited")).to_contain_text("限于 2025年1月1日起")
        expect(page.locator("#send")).to_be_visible()
        page.get_by_role("button", name="去掉范围再问").click()
        expect(last_turn(page).locator(".sources")).to_be_visible()
        expect(page.locator("#chips .chip")).to_have_count(0)
        expect(page.locator("#past .question")).to_have_text("备案有多少？")
        assert [bool(filters) for filters in backend.asked_under] == [True, False]

    def test_values_of_the_corpus_are_text(self, page: Page, backend: ScriptedBackend):
        page.get_by_role("button", name="范围", exact=True).click()
        field(page, "栏目").select_option(backend.nasty.column)
        field(page, "报纸").select_option(backend.nasty.paper)
        page.get_by_role("button", name="确定").click()
        expect(page.locator("#chips .chip")).to_have_count(2)
        ask(page, "天气")
        expect(last_turn(page).locator(".limited")).to_contain_text("<script>")
        assert page.evaluate("window.pwned") is None
        assert page.locator("#main :is(script, img, a, iframe, style, b, .katex)").count() == 0

    @pytest.mark.long
    def test_on_a_phone_all_of_the_panel_can_be_reached(self, browser: Browser, url: str):
        context = browser.new_context(
            locale="zh-CN", viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True
        )
        page = open_page(context, url)
        page.get_by_role("button", name="范围", exact=True).tap()
        field(page, "期号").fill("2024-05-06")
        page.get_by_role("button", name="确定").tap()
        expect(page.locator("#chips .chip .said")).to_have_text(["2024-05-06"])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        context.close()
