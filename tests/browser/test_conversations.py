"""Conversations that are kept, links to answers, and settings, in the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.feedback import Feedback
from rag.types import USUAL, Effort
from rag.web.conversations import BUSY, DAMAGED
from tests.support.driver import COUNT, FRAMES, ask, expect_answered, in_view, last_turn, open_page
from tests.support.scripted_backend import NASTY, ScriptedBackend
from tests.support.talks import (
    FIRST,
    SECOND,
    SHOWN,
    asked,
    fresh,
    kept,
    open_list,
)

# In the browser


def test_after_a_reload_the_conversation_is_there_and_goes_on(
    page: Page, backend: ScriptedBackend
) -> None:
    asked(page, FIRST, SECOND)
    before = page.locator("#past").inner_text()
    page.wait_for_function(
        "JSON.parse(localStorage[Object.keys(localStorage).find((k) => k.startsWith('rag.talk.'))]).turns.length === 2"
    )
    page.reload()
    expect(page.locator("#live .question")).to_have_text(SECOND)
    assert page.locator("#past").inner_text() == before
    expect(page.locator(".talks [aria-current]")).to_have_text(FIRST)
    page.locator("#past .answer .cite").first.click()
    expect(page.locator(".paper mark")).to_have_text(COUNT)
    asked(page, "还有呢？")
    assert backend.asked[-1] == ("还有呢？", (FIRST, SECOND))
    kept(page, 1)


@pytest.mark.long
def test_after_a_reload_the_thumbs_are_there_and_the_mind_may_be_changed(
    page: Page, backend: ScriptedBackend
) -> None:
    asked(page, FIRST, SECOND)
    for part, name in (("#past", "up"), ("#live", "down")):
        act = page.locator(f"{part} .act.{name}")
        act.click()
        expect(act).to_have_attribute("aria-pressed", "true")
    page.get_by_label("没有答全").check()
    page.get_by_label("补充说明").fill("还有一处")
    page.keyboard.press("Enter")
    expect(page.locator(".noted").last).to_have_text("已记下，没有答全")
    page.wait_for_function(f"{SHOWN}.some((key) => localStorage[key].includes('还有一处'))")
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#past .act.up")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#live .noted")).to_have_text("已记下，没有答全")
    page.locator("#live .act.down").click()
    expect(page.get_by_label("补充说明")).to_have_value("还有一处")
    page.locator("#past .act.down").click()
    expect(page.locator("#past .act.down")).to_have_attribute("aria-pressed", "true")
    found = Feedback(backend.settings.feedback).rows()
    assert [(row.question, row.verdict, row.comment) for row in found] == [
        (FIRST, "down", ""),
        (SECOND, "down", "还有一处"),
    ]


def test_conversations_are_found_renamed_and_deleted_with_undo(page: Page) -> None:
    asked(page, FIRST)
    open_list(page)
    fresh(page)
    asked(page, "明天天气怎么样？")
    kept(page, 2)
    expect(page.locator(".talks .name")).to_have_text(["明天天气怎么样？", FIRST])
    expect(page.locator(".talks h3")).to_have_text("今天")

    page.get_by_label("搜索对话").fill("没有找到相关")  # what an answer says
    expect(page.locator(".talks .name")).to_have_text("明天天气怎么样？")
    page.get_by_label("搜索对话").fill("zzz")
    expect(page.locator(".talks .none")).to_have_text("没有找到。")
    page.get_by_label("搜索对话").fill("")

    page.get_by_role("button", name=f"改名：{FIRST}").click()
    field = page.get_by_label("对话的名字")
    field.fill("备案")
    page.keyboard.press("Escape")
    expect(page.locator(".talks .name").last).to_have_text(FIRST)
    page.get_by_role("button", name=f"改名：{FIRST}").click()
    field.fill("备案")
    page.keyboard.press("Enter")
    expect(page.locator(".talks .name").last).to_have_text("备案")
    expect(page.locator(".talks .name").last).to_be_focused()

    page.get_by_role("button", name="备案", exact=True).click()
    expect(page.locator("#live .question")).to_have_text(FIRST)
    page.get_by_role("button", name="删除：备案").click()
    expect(page.locator(".welcome")).to_be_visible()
    kept(page, 1)
    expect(page.get_by_role("button", name="撤销")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#live .question")).to_have_text(FIRST)
    expect(page.locator(".talks .name").last).to_have_text("备案")
    kept(page, 2)


@pytest.mark.long
def test_an_edited_question_takes_the_place_of_its_own(page: Page) -> None:
    asked(page, FIRST, SECOND)
    page.get_by_role("button", name="修改问题").first.click()
    expect(page.locator("#box textarea")).to_have_value(FIRST)
    asked(page, "备案有多少？")
    page.wait_for_function(
        f"{SHOWN}.map((key) => JSON.parse(localStorage[key]).turns.map((t) => t.question).join())"
        ".join() === '备案有多少？'"
    )


def test_damaged_entries_are_dropped_with_a_line(page: Page, requests: list[str]) -> None:
    asked(page, FIRST)
    kept(page, 1)
    page.evaluate(
        f"""() => {{
            const good = JSON.parse(localStorage[{SHOWN}[0]]);
            const put = (id, talk) => {{
              localStorage['rag.talk.' + id] = typeof talk === 'string' ? talk
                : JSON.stringify({{ ...good, id, ...talk }});
            }};
            put('0000000000000001', '{{not json');
            put('0000000000000002', {{ turns: [{{}}] }});
            put('0000000000000003', {{ id: '0000000000000009' }});
            put('0000000000000004', {{ changed: 'never' }});
            put('0000000000000005', {{ title: '内里坏了',
              turns: [{{ ...good.turns[0], answer: {{ answer: 7 }} }}] }});
        }}"""
    )
    page.reload()
    expect(page.locator("#live .question")).to_have_text(FIRST)
    expect(page.locator(".talks .told")).to_have_text("有 4 段对话存坏了，已去掉。")
    page.get_by_role("button", name="内里坏了", exact=True).click()
    expect(page.locator("#notice")).to_have_text(DAMAGED)
    expect(page.locator(".talks .name")).to_have_text([FIRST])
    kept(page, 1)
    asked(page, SECOND)


def test_nasty_text_stays_text_on_its_way_through_the_browser(
    page: Page, backend: ScriptedBackend
) -> None:
    backend.settings = backend.settings.model_copy(update={"question_chars": 2000})
    question = f"引号{NASTY}"
    asked(page, question)
    kept(page, 1)
    page.reload()
    expect(page.locator("#live .question")).to_have_text(question)
    expect(page.locator(".talks [aria-current]")).to_contain_text("<script>")
    page.locator(".answer .cite").click()
    expect(page.locator(".paper mark")).to_have_text(backend.nasty.text.split("\n")[0])
    address = page.locator("[data-link]").get_attribute("data-link")
    fresh(page)
    page.evaluate("(hash) => { location.hash = hash }", address)
    expect(page.locator(".linked .question")).to_have_text(question)
    page.evaluate("window.dispatchEvent(new Event('storage'))")
    assert page.evaluate("window.pwned") is None
    assert page.locator("#main :is(script, img, a, iframe, style, b)").count() == 0


@pytest.mark.long
def test_no_more_than_sixty_are_kept_and_it_is_said(page: Page) -> None:
    asked(page, FIRST)
    kept(page, 1)
    page.evaluate(
        f"""() => {{
            const good = JSON.parse(localStorage[{SHOWN}[0]]);
            for (let place = 0; place < 60; place += 1) {{
                const id = String(place).padStart(16, '0');
                const talk = {{ ...good, id, title: '第' + place, changed: place + 1 }};
                localStorage['rag.talk.' + id] = JSON.stringify(talk);
            }}
            window.dispatchEvent(new Event('storage'));
        }}"""
    )
    open_list(page)
    asked(page, SECOND)
    kept(page, 60)
    expect(page.locator(".talks .told")).to_have_text("已满，最早的 1 段对话已删去。")
    assert page.evaluate("localStorage['rag.talk.0000000000000000']") is None


def test_a_link_leads_to_the_answer_here_and_asks_elsewhere_only_when_told(
    browser: Browser, context: BrowserContext, page: Page, url: str, backend: ScriptedBackend
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    asked(page, FIRST, SECOND, "还有呢？")
    kept(page, 1)
    page.locator(".turn").first.hover()
    page.get_by_role("button", name="链接").first.click()
    expect(page.locator(".spoken")).to_have_text("已复制：链接")
    address = page.evaluate("navigator.clipboard.readText()")
    assert address.startswith(f"{url}/#a=")
    times = len(backend.asked)

    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#live .question")).to_have_text("还有呢？")
    page.evaluate(FRAMES)
    page.wait_for_function("document.getElementById('talk').scrollTop === 0")
    assert in_view(page, "#past .turn:first-child .question", "#talk")
    assert page.evaluate("location.hash") == ""

    other_context = browser.new_context(locale="zh-CN")
    other = other_context.new_page()
    other.goto(address)
    expect(other.locator(".linked .question")).to_have_text(FIRST)
    assert len(backend.asked) == times, "a link never asks by itself"
    other.locator(".linked").get_by_role("button", name="提问").click()
    expect_answered(other, FIRST)
    assert len(backend.asked) == times + 1
    other_context.close()


def test_another_tab_begins_anew_and_sees_what_is_kept(
    context: BrowserContext, page: Page, url: str
) -> None:
    asked(page, FIRST)
    kept(page, 1)
    other = open_page(context, url)
    expect(other.locator(".talks .name")).to_have_text([FIRST])
    asked(other, SECOND)
    open_list(page)
    expect(page.locator(".talks .name")).to_have_text([SECOND, FIRST])


@pytest.mark.long
def test_where_two_tabs_go_on_with_one_conversation_both_stay(
    context: BrowserContext, page: Page, url: str
) -> None:
    asked(page, FIRST)
    kept(page, 1)
    other = open_page(context, url)
    other.locator(".talks .name").click()
    expect(other.locator("#live .question")).to_have_text(FIRST)
    asked(other, SECOND)
    for question in ("还有呢？", "为什么？"):
        asked(page, question)
    kept(page, 2)
    found = page.evaluate(
        f"{SHOWN}.map((key) => JSON.parse(localStorage[key]).turns.map((turn) => turn.question))"
    )
    assert sorted(found, key=len) == [[FIRST, SECOND], [FIRST, "还有呢？", "为什么？"]]
    page.reload()
    expect(page.locator("#live .question")).to_have_text("为什么？")
    other.locator(".act.up").last.click()  # a thumb is no reason to part
    page.wait_for_function(f"{SHOWN}.some((key) => localStorage[key].includes('verdict'))")
    kept(page, 2)


@pytest.mark.long
def test_a_name_is_written_while_an_answer_arrives(page: Page, backend: ScriptedBackend) -> None:
    asked(page, FIRST)
    open_list(page)
    fresh(page)
    asked(page, SECOND)
    ask(page, "慢：备案有多少？")
    assert backend.held.wait(20)
    page.get_by_role("button", name=f"改名：{FIRST}").click()
    field = page.get_by_label("对话的名字")
    field.fill("备案")
    backend.go.set()
    expect_answered(page, "慢：备案有多少？")
    expect(field).to_be_focused()
    page.get_by_role("button", name=SECOND, exact=True).click()  # takes the name, and is clicked
    expect(page.locator("#past .question").first).to_have_text(SECOND)
    expect(page.locator(".talks .name")).to_have_text([SECOND, "备案"])
    expect(page.get_by_role("button", name=SECOND, exact=True)).to_be_focused()


@pytest.mark.long
def test_what_was_to_be_changed_is_left_with_its_conversation(page: Page) -> None:
    asked(page, FIRST)
    open_list(page)
    page.locator("#box textarea").fill("写了一半")
    fresh(page)
    expect(page.locator("#box textarea")).to_have_value("写了一半")
    page.locator(".talks .name").click()
    expect(page.locator("#live .question")).to_have_text(FIRST)
    page.get_by_role("button", name="修改问题").click()
    expect(page.locator("#box textarea")).to_have_value(FIRST)
    fresh(page)
    expect(page.locator("#box textarea")).to_have_value("")


@pytest.mark.long
def test_what_cannot_be_kept_is_said_where_the_list_is_shut(page: Page) -> None:
    page.evaluate("localStorage.setItem('filler', '字'.repeat(5 * 1024 * 1024 - 200))")
    asked(page, FIRST)
    expect(page.get_by_role("alert").filter(has_text="浏览器里存不下了")).to_be_visible()


@pytest.mark.long
def test_what_is_under_way_is_not_left(page: Page, backend: ScriptedBackend) -> None:
    asked(page, FIRST)
    open_list(page)
    ask(page, "慢：备案有多少？")
    assert backend.held.wait(20)
    page.locator("[data-talks=fresh]").click()
    expect(page.locator("#notice")).to_have_text(BUSY)
    page.get_by_role("button", name=f"删除：{FIRST}").click()
    expect(page.locator(".talks .told")).to_contain_text("还在回答")
    backend.go.set()
    expect_answered(page, "慢：备案有多少？")


@pytest.mark.long
def test_on_a_phone_the_list_is_a_sheet(browser: Browser, url: str) -> None:
    phone = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = open_page(phone, url)
    asked(page, FIRST)
    kept(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="对话", exact=True).tap()
    expect(page.locator(".talks .name")).to_have_text([FIRST])
    page.keyboard.press("Escape")
    expect(page.locator(".talks")).to_be_hidden()
    page.get_by_role("button", name="对话", exact=True).tap()
    page.locator("[data-talks=fresh]").tap()
    expect(page.locator(".talks")).to_be_hidden()
    expect(page.locator(".welcome")).to_be_visible()
    page.get_by_role("button", name="对话", exact=True).tap()
    page.locator(".talks .name").tap()
    expect(page.locator(".talks")).to_be_hidden()
    expect(last_turn(page).locator(".question")).to_have_text(FIRST)
    phone.close()


def test_settings_reach_the_backend_and_stay(page: Page, backend: ScriptedBackend) -> None:
    asked(page, FIRST)
    assert backend.efforts[-1] == USUAL
    page.get_by_role("button", name="设置").click()
    page.get_by_role("slider", name="资料段数").fill("6")
    expect(page.locator(".settings-drawer output")).to_have_text("6 段")
    page.get_by_role("radio", name="简短").check()
    page.keyboard.press("Escape")
    expect(page.locator(".settings-drawer")).to_be_hidden()
    asked(page, SECOND)
    assert backend.efforts[-1] == Effort(6, 80)
    kept(page, 1)
    page.reload()
    expect(page.locator("#live .question")).to_have_text(SECOND)
    page.get_by_role("button", name="设置").click()
    expect(page.get_by_role("slider", name="资料段数")).to_have_value("6")
    expect(page.get_by_role("radio", name="简短")).to_be_checked()
    page.get_by_role("button", name="关闭", exact=True).click()
    asked(page, "还有呢？")
    assert backend.efforts[-1] == Effort(6, 80)
    page.get_by_role("button", name="设置").click()
    page.get_by_role("button", name="恢复默认").click()
    page.keyboard.press("Escape")
    asked(page, FIRST)
    assert backend.efforts[-1] == USUAL


@pytest.mark.parametrize(
    ("scheme", "choice"),
    [("light", "深色"), pytest.param("dark", "浅色", marks=pytest.mark.long)],
)
def test_the_colours_chosen_stay_against_the_systems(
    browser: Browser, url: str, scheme: str, choice: str
) -> None:
    context = browser.new_context(
        locale="zh-CN", color_scheme="dark" if scheme == "dark" else "light"
    )
    page = open_page(context, url)
    dark = "['documentElement', 'body'].map((n) => document[n].classList.contains('dark'))"
    page.get_by_role("button", name="设置").click()
    assert page.evaluate(dark) == [scheme == "dark"] * 2
    page.get_by_role("radio", name=choice).check()
    chosen = [choice == "深色"] * 2
    assert page.evaluate(dark) == chosen
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.route("**/*.js", lambda route: route.abort())  # before Gradio has started
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    page.unroute_all()
    page.reload()
    expect(page.locator(".examples button").first).to_be_visible()
    assert page.evaluate(dark) == chosen
    page.evaluate("document.body.classList.toggle('dark')")  # as Gradio does
    assert page.evaluate(f"Promise.resolve().then(() => {dark})") == chosen
    page.get_by_role("button", name="设置").click()
    page.get_by_role("radio", name="跟随系统").check()
    assert page.evaluate(dark) == [scheme == "dark"] * 2
    context.close()
