"""Conversations of those who log in, in Chromium: the same in every browser, and nobody else's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag import talks as module
from rag.config import Settings
from rag.talks import Talks
from rag.users import Users
from rag.web.conversations import DAMAGED
from rag.web.conversations_view import KEPT, KEPT_BY_SERVER
from tests.support.driver import FRAMES, PATIENCE, ask, in_view, last_turn
from tests.support.registered import PASSWORD, register
from tests.support.scripted_backend import NASTY, ScriptedBackend, serving
from tests.support.talks import FIRST, SECOND, SHOWN, asked, fresh, open_list

OTHER_QUESTION = "明天天气怎么样？"
UNSENT = "服务器没有应答，这次改动还没有存上；请先别关，回到这一页时会再试。"


@pytest.fixture
def talks(tmp_path: Path) -> Talks:
    return Talks(tmp_path / "conversations.sqlite3")


@pytest.fixture
def users(tmp_path: Path) -> Users:
    path = tmp_path / "users.json"
    register(path)
    return Users.load(path)


@pytest.fixture
def backend(users: Users, talks: Talks) -> Iterator[ScriptedBackend]:
    scripted = ScriptedBackend()
    scripted.settings = Settings(
        question_chars=2000, users=users.path, conversations=talks.path, questions_a_minute=0
    )
    yield scripted
    scripted.go.set()


@pytest.fixture
def url(backend: ScriptedBackend) -> Iterator[str]:
    with serving(backend) as address:
        yield address


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Opens browsers that know nothing of one another."""
    opened: list[BrowserContext] = []

    def open_one() -> BrowserContext:
        one = browser.new_context(
            locale="zh-CN", viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        one.set_default_timeout(PATIENCE)
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def page(contexts: Callable[[], BrowserContext], url: str) -> Page:
    return log_in(contexts().new_page(), url)


def log_in(page: Page, url: str, name: str = "甲") -> Page:
    form = {"username": name, "password": PASSWORD}
    headers = {"accept": "text/html", "origin": url}
    assert page.request.post(f"{url}/login", form=form, headers=headers).ok
    page.goto(url)
    expect(page.locator(".titles").first).to_be_attached()
    return page


def log_out(page: Page) -> None:
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_title("登录 · 报纸问答")


@contextmanager
def written(page: Page, method: str = "PUT") -> Iterator[None]:
    """Until the server has answered what the block had the page write."""
    with page.expect_response(lambda answer: answer.request.method == method) as answer:
        yield
    assert answer.value.ok
    answer.value.finished()


def asked_and_kept(page: Page, *questions: str) -> None:
    for question in questions:
        with written(page):
            asked(page, question)


def look_again(page: Page) -> None:
    """As when a reader comes back to a page."""
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def names(page: Page) -> list[str]:
    return page.locator(".talks .name").all_inner_texts()


def nothing_in_the_browser(page: Page) -> None:
    assert page.evaluate(SHOWN) == []
    assert "27个算法" not in page.evaluate("JSON.stringify([localStorage, sessionStorage])")


def test_it_is_there_after_a_reload_and_in_every_browser_of_the_user(
    contexts: Callable[[], BrowserContext], page: Page, url: str, backend: ScriptedBackend
) -> None:
    asked_and_kept(page, FIRST, SECOND)
    open_list(page)
    expect(page.locator(".talks .foot:visible")).to_have_text(KEPT_BY_SERVER)
    before = page.locator("#past").inner_text()
    page.reload()
    expect(page.locator("#live .question")).to_have_text(SECOND)
    assert page.locator("#past").inner_text() == before
    expect(page.locator(".talks [aria-current]")).to_have_text(FIRST)

    other = log_in(contexts().new_page(), url)
    expect(other.locator(".talks .name")).to_have_text([FIRST])  # and the list is open
    expect(other.locator(".examples button").first).to_be_visible()
    other.locator(".talks .name").click()
    expect(other.locator("#live .question")).to_have_text(SECOND)
    asked_and_kept(other, "还有呢？")
    assert backend.asked[-1] == ("还有呢？", (FIRST, SECOND))

    look_again(page)
    page.get_by_label("搜索对话").fill("还有呢")  # what only the other browser has asked
    expect(page.locator(".talks .name")).to_have_text([FIRST])
    page.locator(".talks .name").click()
    expect(page.locator("#live .question")).to_have_text("还有呢？")
    for one in (page, other):
        nothing_in_the_browser(one)


def test_another_user_of_the_same_browser_sees_nothing_of_it(page: Page, url: str) -> None:
    asked_and_kept(page, FIRST)
    log_out(page)
    log_in(page, url, "乙")
    expect(page.locator(".examples button").first).to_be_visible()
    open_list(page)
    expect(page.locator(".talks .none")).to_have_text("还没有对话。")
    nothing_in_the_browser(page)
    asked_and_kept(page, OTHER_QUESTION)
    assert names(page) == [OTHER_QUESTION]
    log_out(page)
    log_in(page, url)
    expect(page.locator(".talks .name")).to_have_text([FIRST])


@pytest.mark.long
def test_a_page_that_was_anothers_begins_anew(
    contexts: Callable[[], BrowserContext], url: str, talks: Talks
) -> None:
    context = contexts()
    page, other = log_in(context.new_page(), url), context.new_page()
    asked_and_kept(page, FIRST)
    other.goto(url)
    log_out(other)
    log_in(other, url, "乙")
    with page.expect_navigation():  # what is to be kept of the one is not kept of the other
        ask(page, SECOND)
    expect(page.locator(".examples button").first).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)
    assert len(talks.all("甲").records) == 1
    assert not talks.all("乙").records
    log_out(other)
    log_in(other, url)
    with page.expect_navigation():
        look_again(page)
    expect(page.locator(".talks .name")).to_have_text([FIRST])


@pytest.mark.long
def test_conversations_are_found_renamed_and_deleted_with_undo(page: Page, talks: Talks) -> None:
    asked_and_kept(page, FIRST)
    open_list(page)
    fresh(page)
    asked_and_kept(page, OTHER_QUESTION)
    expect(page.locator(".talks .name")).to_have_text([OTHER_QUESTION, FIRST])
    expect(page.locator(".talks h3")).to_have_text("今天")

    page.get_by_label("搜索对话").fill("没有找到相关")  # what an answer says
    expect(page.locator(".talks .name")).to_have_text(OTHER_QUESTION)
    page.get_by_label("搜索对话").fill("")

    page.get_by_role("button", name=f"改名：{FIRST}").click()
    page.get_by_label("对话的名字").fill("备案")
    with written(page):
        page.keyboard.press("Enter")
    expect(page.locator(".talks .name").last).to_be_focused()

    page.get_by_role("button", name="备案", exact=True).click()
    expect(page.locator("#live .question")).to_have_text(FIRST)
    with written(page, "DELETE"):
        page.get_by_role("button", name="删除：备案").click()
    expect(page.locator(".welcome")).to_be_visible()
    assert len(talks.all("甲").records) == 1
    expect(page.get_by_role("button", name="撤销")).to_be_focused()
    with written(page):
        page.keyboard.press("Enter")
    expect(page.locator("#live .question")).to_have_text(FIRST)
    page.reload()
    expect(page.locator(".talks .name")).to_have_text([OTHER_QUESTION, "备案"])
    nothing_in_the_browser(page)


@pytest.mark.long
def test_an_edited_question_takes_the_place_of_its_own(page: Page, talks: Talks) -> None:
    asked_and_kept(page, FIRST, SECOND)
    page.get_by_role("button", name="修改问题").first.click()
    expect(page.locator("#box textarea")).to_have_value(FIRST)
    asked_and_kept(page, "备案有多少？")
    (record,) = talks.all("甲").records
    assert "备案有多少？" in record.decode() and SECOND not in record.decode()
    page.reload()
    expect(last_turn(page).locator(".question")).to_have_text("备案有多少？")
    expect(page.locator(".turn")).to_have_count(1)


@pytest.mark.long
def test_a_link_opens_the_answer_in_another_browser_of_the_user(
    contexts: Callable[[], BrowserContext], page: Page, url: str, backend: ScriptedBackend
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    other = log_in(contexts().new_page(), url)
    stranger = log_in(contexts().new_page(), url, "乙")
    asked_and_kept(page, FIRST, SECOND, "还有呢？")
    page.locator(".turn").first.hover()
    page.get_by_role("button", name="链接").first.click()
    expect(page.locator(".spoken")).to_have_text("已复制：链接")
    address = page.evaluate("navigator.clipboard.readText()")
    times = len(backend.asked)

    # in a page that is open since before, and in one that is opened with it
    other.evaluate("(address) => { location.href = address }", address)
    expect(other.locator("#live .question")).to_have_text("还有呢？")
    other.goto("about:blank")
    other.goto(address)
    expect(other.locator("#live .question")).to_have_text("还有呢？")
    other.evaluate(FRAMES)
    other.wait_for_function("document.getElementById('talk').scrollTop === 0")
    assert in_view(other, "#past .turn:first-child .question", "#talk")
    assert other.evaluate("location.hash") == ""

    stranger.goto("about:blank")
    stranger.goto(address)
    expect(stranger.locator(".linked .question")).to_have_text(FIRST)
    assert len(backend.asked) == times, "a link never asks by itself"


def test_what_is_deleted_elsewhere_goes_from_the_list(
    contexts: Callable[[], BrowserContext], page: Page, url: str
) -> None:
    asked_and_kept(page, FIRST)
    other = log_in(contexts().new_page(), url)
    expect(other.locator(".talks .name")).to_have_text([FIRST])
    open_list(page)
    with written(page, "DELETE"):
        page.get_by_role("button", name=f"删除：{FIRST}").click()
    look_again(other)
    expect(other.locator(".talks .none")).to_have_text("还没有对话。")


@pytest.mark.long
def test_what_the_server_does_not_take_stays_and_is_sent_again(page: Page, talks: Talks) -> None:
    asked_and_kept(page, FIRST)
    page.route("**/conversations/*", lambda route: route.abort())
    asked(page, SECOND)
    expect(page.get_by_role("alert").filter(has_text=UNSENT)).to_be_visible()  # the list is shut
    open_list(page)
    expect(page.locator(".talks .told")).to_have_text(UNSENT)
    expect(page.locator(".talks-beside")).to_be_empty()
    fresh(page)
    asked(page, OTHER_QUESTION)
    expect(page.locator(".talks .name")).to_have_text([OTHER_QUESTION, FIRST])
    page.locator(".talks .name").last.click()
    expect(page.locator("#live .question")).to_have_text(SECOND)
    look_again(page)
    expect(page.locator(".talks .name")).to_have_text([OTHER_QUESTION, FIRST])
    assert b"31%" in talks.all("甲").records[0]
    assert SECOND.encode() not in talks.all("甲").records[0]

    page.unroute_all()
    look_again(page)
    expect(page.locator(".talks .told")).to_be_empty()
    assert len(talks.all("甲").records) == 2
    page.reload()
    expect(page.locator("#live .question")).to_have_text(SECOND)


@pytest.mark.long
def test_what_the_server_has_not_taken_outlives_a_reload_but_no_logout(
    page: Page, talks: Talks, url: str
) -> None:
    asked_and_kept(page, FIRST)
    page.route("**/conversations/*", lambda route: route.abort())
    asked(page, SECOND)
    expect(page.get_by_role("alert").filter(has_text=UNSENT)).to_be_visible()
    page.reload()
    expect(page.locator("#live .question")).to_have_text(SECOND)
    assert SECOND.encode() not in talks.all("甲").records[0]
    page.unroute_all()
    with written(page):
        look_again(page)
    assert SECOND.encode() in talks.all("甲").records[0]

    page.route("**/conversations/*", lambda route: route.abort())
    asked(page, "还有呢？")
    page.locator("#box textarea").fill("写了一半")
    page.unroute_all()
    log_out(page)
    log_in(page, url, "乙")
    expect(page.locator(".examples button").first).to_be_visible()
    expect(page.locator("#box textarea")).to_have_value("")
    nothing_in_the_browser(page)
    assert not talks.all("乙").records


@pytest.mark.long
def test_where_two_browsers_go_on_with_one_conversation_both_stay(
    contexts: Callable[[], BrowserContext], page: Page, url: str, talks: Talks
) -> None:
    asked_and_kept(page, FIRST)
    other = log_in(contexts().new_page(), url)
    other.locator(".talks .name").click()
    expect(other.locator("#live .question")).to_have_text(FIRST)
    asked_and_kept(other, SECOND)
    # refused (412), for the other has gone on, and then taken apart from it
    with page.expect_response(lambda one: one.request.method == "PUT" and one.ok) as apart:
        asked(page, "还有呢？")
    apart.value.finished()
    expect(page.locator(".talks .name")).to_have_count(2)
    asked_and_kept(page, "为什么？")
    found = [
        [turn["question"] for turn in json.loads(one)["turns"]] for one in talks.all("甲").records
    ]
    assert sorted(found, key=len) == [[FIRST, SECOND], [FIRST, "还有呢？", "为什么？"]]
    open_list(page)
    expect(page.locator(".talks .name")).to_have_text([FIRST, FIRST])


@pytest.mark.long
def test_what_cannot_be_read_at_first_is_said_and_read_later(
    page: Page, talks: Talks, url: str
) -> None:
    asked_and_kept(page, FIRST)
    page.route("**/conversations", lambda route: route.fulfill(status=503, body="{}"))
    page.goto("about:blank")
    page.goto(url)
    expect(page.locator(".examples button").first).to_be_visible()
    open_list(page)
    expect(page.locator(".talks .none")).to_have_text("没有读到以前的对话；请重新打开页面。")
    asked(page, SECOND)
    expect(page.locator(".talks .told")).to_have_text(UNSENT)
    assert len(talks.all("甲").records) == 1, "nothing is written over unseen"
    page.unroute_all()
    look_again(page)
    expect(page.locator(".talks .name")).to_have_text([SECOND, FIRST])
    assert len(talks.all("甲").records) == 2


@pytest.mark.long
def test_what_is_too_long_is_said_and_not_sent_for_ever(page: Page) -> None:
    times: list[str] = []

    def refuse(route) -> None:  # type: ignore[no-untyped-def]
        times.append(route.request.method)
        route.fulfill(status=413, body="{}")

    open_list(page)
    page.route("**/conversations/*", refuse)
    asked(page, FIRST)
    expect(page.locator(".talks .told")).to_have_text(
        "服务器存不下这段对话，这一问没有保存；请开始新对话。"
    )
    expect(page.locator(".talks .name")).to_have_text([FIRST])
    with page.expect_response("**/conversations"):
        look_again(page)
    assert times == ["PUT"]


def test_nasty_text_stays_text_on_its_way_through_the_server(
    page: Page, backend: ScriptedBackend
) -> None:
    question = f"引号{NASTY}"
    asked_and_kept(page, question)
    page.reload()
    expect(page.locator("#live .question")).to_have_text(question)
    expect(page.locator(".talks [aria-current]")).to_contain_text("<script>")
    page.locator(".answer .cite").click()
    expect(page.locator(".paper mark")).to_have_text(backend.nasty.text.split("\n")[0])
    assert page.evaluate("window.pwned") is None
    assert page.locator("#main :is(script, img, a, iframe, style, b)").count() == 0


@pytest.mark.long
def test_damaged_ones_are_dropped_with_a_line(page: Page, talks: Talks) -> None:
    asked_and_kept(page, FIRST)
    (good,) = talks.all("甲").records
    own = good.decode().split('"id":"', 1)[1][:16]

    def other(place: int) -> str:
        return f"{place:016x}"

    damaged = {
        other(1): "{not json",
        other(2): f'{{"id": "{other(2)}", "title": "", "changed": 1, "turns": [{{}}]}}',
        other(3): f'{{"id": "{other(3)}", "title": "", "changed": 1, "turns": "x"}}',
        other(4): good.decode().replace(own, other(4)).replace('"answer":"', '"answer":7,"x":"'),
    }
    with closing(sqlite3.connect(talks.path)) as database, database:
        database.executemany("INSERT INTO talks VALUES ('甲', ?, 1, ?)", damaged.items())
    with written(page, "DELETE"):
        page.reload()
        expect(page.locator("#live .question")).to_have_text(FIRST)
        expect(page.locator(".talks .told")).to_have_text("有 3 段对话存坏了，已去掉。")
        look_again(page)
    with written(page, "DELETE"):
        page.locator(".talks .name").last.click()
        expect(page.locator("#notice")).to_have_text(DAMAGED)
    expect(page.locator(".talks .name")).to_have_text([FIRST])
    asked_and_kept(page, SECOND)
    assert len(talks.all("甲").records) == 1


@pytest.mark.long
def test_the_oldest_go_where_there_are_too_many_and_it_is_said(
    page: Page, talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    open_list(page)
    for question in (FIRST, SECOND, OTHER_QUESTION):
        asked_and_kept(page, question)
        fresh(page)
    expect(page.locator(".talks .name")).to_have_text([OTHER_QUESTION, SECOND])
    expect(page.locator(".talks .told")).to_have_text("已满，最早的 1 段对话已删去。")
    assert len(talks.all("甲").records) == 2


def test_without_a_login_the_browser_keeps_them_and_says_so(
    contexts: Callable[[], BrowserContext], talks: Talks, tmp_path: Path
) -> None:
    scripted = ScriptedBackend()
    scripted.settings = Settings(
        users=tmp_path / "none.json", conversations=talks.path, questions_a_minute=0
    )
    requests: list[str] = []
    with serving(scripted) as url:
        page = contexts().new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.goto(url)
        expect(page.locator(".examples button").first).to_be_visible()
        open_list(page)
        expect(page.locator(".talks .foot:visible")).to_have_text(KEPT)
        asked(page, FIRST)
        page.wait_for_function(f"{SHOWN}.length === 1")
        look_again(page)
        expect(page.locator(".talks .name")).to_have_text([FIRST])
    assert not [one for one in requests if "conversations" in one]
    assert not talks.path.exists()
