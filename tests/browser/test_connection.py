"""A page whose server goes away says so, and goes on by itself once it is back."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support.driver import ask, expect_answered, open_page
from tests.support.scripted_backend import ScriptedBackend, serving
from tests.support.scripted_keeper import ScriptedKeeper

FIRST, SECOND = "南湖园区有多少个算法？", "平台有几个，慢一点说？"


def test_where_the_server_was_started_anew_nothing_is_lost(context: BrowserContext) -> None:
    scripted = ScriptedBackend()
    with serving(scripted, ScriptedKeeper()) as url:
        page = open_page(context, url)
        ask(page, FIRST)
        expect_answered(page, FIRST)
        ask(page, SECOND)  # held: it is never answered
        expect(page.locator("#live .question")).to_have_text(SECOND)
        scripted.held.wait(20)
        port = int(url.rsplit(":", 1)[1])
        page.route("**/*", lambda route: route.abort())  # before it can say good-bye
        expect(page.locator(".lost")).to_contain_text("连不上服务")
        expect(page.locator(".toast-wrap")).to_be_hidden()
    scripted.go.set()
    page.unroute_all()
    with serving(ScriptedBackend(), ScriptedKeeper(), port=port):
        expect(page.locator(".lost")).to_have_count(0)
        expect(page.locator("#box textarea")).to_have_value(SECOND)
        expect(page.locator("#past .question, #live .question")).to_have_text(FIRST)
        page.locator("#past button.cite, #live button.cite").first.click()
        expect(page.locator("#panel mark").first).to_be_visible()


def test_a_short_loss_leaves_the_page_as_it_is(context: BrowserContext) -> None:
    with serving(ScriptedBackend()) as url:  # asks for no news: one lost would have Gradio reload
        page = open_page(context, url)
        page.evaluate("window.mine = true")
        page.locator("#box textarea").fill("没写完的问题")
        context.set_offline(True)
        expect(page.locator(".lost")).to_contain_text("这台设备没有联网")
        context.set_offline(False)
        expect(page.locator(".lost")).to_have_count(0)
        expect(page.locator(".spoken")).to_have_text("已重新连上。")
        assert page.evaluate("window.mine")  # it was not opened anew
        expect(page.locator("#box textarea")).to_have_value("没写完的问题")
        ask(page, FIRST)
        expect_answered(page, FIRST)


@pytest.mark.long
def test_one_request_that_fails_is_no_loss(context: BrowserContext) -> None:
    with serving(ScriptedBackend(), ScriptedKeeper()) as url:
        page = open_page(context, url)
        page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
        ask(page, FIRST)
        expect_answered(page, FIRST)
        assert page.locator(".lost").count() == 0


@pytest.mark.long
def test_what_is_being_written_is_there_after_a_reload(context: BrowserContext) -> None:
    scripted = ScriptedBackend()
    with serving(scripted, ScriptedKeeper()) as url:
        page = open_page(context, url)
        box = page.locator("#box textarea")
        box.fill("没写完的问题")
        page.reload()
        expect(box).to_have_value("没写完的问题")
        box.fill("")
        ask(page, SECOND)  # held
        scripted.held.wait(20)
        box.fill("下一个问题")
        page.reload()
        expect(box).to_have_value(f"{SECOND}\n下一个问题")
        scripted.go.set()


@pytest.mark.long
def test_a_gateway_whose_server_is_gone(context: BrowserContext) -> None:
    with serving(ScriptedBackend(), ScriptedKeeper()) as url:
        page = open_page(context, url)
        page.route("**/gradio_api/**", lambda route: route.fulfill(status=502, body="Bad Gateway"))
        expect(page.locator(".lost")).to_contain_text("连不上服务")
        page.unroute_all()
        expect(page.locator(".lost")).to_have_count(0)
        ask(page, FIRST)
        expect_answered(page, FIRST)


@pytest.mark.long
def test_a_server_that_was_started_anew_meanwhile(context: BrowserContext) -> None:
    with serving(ScriptedBackend(), ScriptedKeeper()) as url:
        page = open_page(context, url)
        page.evaluate("window.mine = true")
        page.locator("#box textarea").fill("没写完的问题")
        page.evaluate("gradio_config.app_id = 'of an earlier start'")
        page.route("**/nowhere", lambda route: route.abort())
        with page.expect_navigation():
            page.evaluate("fetch('/nowhere').catch(() => {})")
        expect(page.locator("#box textarea")).to_have_value("没写完的问题")
        assert not page.evaluate("window.mine")
