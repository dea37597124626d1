"""Conversations that are kept, links to answers, and settings: on their own and in Chromium."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.answer.assistant import Assistant
from rag.answer.export import answer_to_dict
from rag.answer.restore import answer_from_dict
from rag.config import Settings
from rag.errors import QuestionError
from rag.feedback import Feedback
from rag.index.build import build
from rag.index.store import Store
from rag.models.generator import Message
from rag.retrieve.search import Search
from rag.types import USUAL, Answer, Check, Effort, Evidence, Filters, Hit, Passage
from rag.web import chat_view
from rag.web.conversation import Conversation, Thumb
from rag.web.conversations import BUSY, DAMAGED, LOST, ConversationHandlers, keep
from rag.web.conversations_view import link
from rag.web.handlers import Handlers
from rag.web.kept import MOST_TURNS, read_conversation, turn_to_dict
from rag.web.preferences import read_effort
from tests.fakes import HashEncoder, ScriptedGenerator, willing
from tests.scripted_backend import NASTY, ScriptedBackend
from tests.test_browser import (
    COUNT,
    FRAMES,
    ask,
    backend,
    browser,
    context,
    expect_answered,
    in_view,
    last_turn,
    open_page,
    page,
    requests,
    url,
)
from tests.test_browser import pytestmark as needs_chromium

__all__ = ["backend", "browser", "context", "page", "requests", "url"]

FIRST, SECOND = "南湖园区有多少个算法通过备案？", "其中占全省多少？"


class NotingGenerator(ScriptedGenerator):
    """Notes how much it was allowed to write."""

    def __init__(self, replies: Sequence[str]) -> None:
        super().__init__(replies)
        self.limits: list[int] = []

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        self.limits.append(max_tokens)
        return super().stream(messages, max_tokens=max_tokens, cancel=cancel)


def whole_answer(backend: ScriptedBackend) -> Answer:
    """An answer with something in every field that is kept."""
    passage = Passage("p1", backend.long.id, 0, 40, backend.long.text[:40], "标题")
    hit = Hit(passage, backend.long, 0.9, 0.8, 12.5)
    older = Hit(replace(passage, article_id=backend.nasty.id), backend.nasty, 0.4, 0.3, 2.5)
    return replace(
        backend.ask("备案有多少？"),
        evidence=Evidence("备案有多少？", (hit,), 0.8, older=(older,)),
        standalone="南湖园区的备案有多少？",
        confidence=0.75,
        checks=(Check("占31%。", "replaced", "数字不在资料中", 0.5),),
    )


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


def told(update: dict[str, Any]) -> dict[str, Any]:
    """The message to the list of conversations."""
    return json.loads(html.unescape(update["kept"].split(">", 1)[1].rsplit("<", 1)[0]))  # type: ignore[no-any-return]


def chat(backend: ScriptedBackend) -> ConversationHandlers:
    return ConversationHandlers(Handlers(backend))


class TestKept:
    def test_an_answer_comes_back_as_it_was(self) -> None:
        scripted = ScriptedBackend()
        answer = whole_answer(scripted)
        back = answer_from_dict(json.loads(json.dumps(answer_to_dict(answer))), scripted.article)
        assert answer_to_dict(back) == answer_to_dict(answer)
        assert back.citations == answer.citations
        assert [hit.article for hit in back.evidence.hits] == [scripted.long]
        assert [hit.article for hit in back.evidence.older] == [scripted.nasty]

    def test_of_an_article_that_is_gone_there_is_what_was_kept(self) -> None:
        answer = whole_answer(ScriptedBackend())
        back = answer_from_dict(answer_to_dict(answer))
        (hit,) = back.evidence.hits
        assert (hit.article.headline, hit.article.date) == (
            "南湖园区：算法备案走在前面",
            date(2024, 5, 6),
        )
        assert answer_to_dict(back) == answer_to_dict(answer)

    @pytest.mark.parametrize(
        "change",
        [
            {"answer": None},
            {"answer": "字" * 20_001},
            {"citations": [{}]},
            {"citations": None},
            {"timings": {"retrieve": -1, "first_token": None, "total": 0}},
            {"timings": {"retrieve": float("nan"), "first_token": None, "total": 0}},
            {"confidence": 1.5},
            {"checks": [{"sentence": "", "outcome": "forged", "reason": "", "share": 0}]},
            {"index_version": 3},
        ],
    )
    def test_a_damaged_answer_is_refused_in_one_line(self, change: dict[str, object]) -> None:
        given = answer_to_dict(whole_answer(ScriptedBackend()))
        answer_from_dict(given)
        with pytest.raises(QuestionError) as error:
            answer_from_dict(given | change)
        assert "\n" not in str(error.value)
        assert next(iter(change)) in str(error.value)

    @pytest.mark.parametrize("name, value", [("marker", "1"), ("article_id", "<b>"), ("start", -1)])
    def test_a_citation_is_what_a_marker_can_open(self, name: str, value: object) -> None:
        given = deepcopy(answer_to_dict(whole_answer(ScriptedBackend())))
        given["citations"][0][name] = value
        with pytest.raises(QuestionError, match=f"citations.0.{name}"):
            answer_from_dict(given)

    def test_a_conversation_is_drawn_again_exactly(self) -> None:
        scripted = ScriptedBackend()
        conversation = talk(
            scripted, FIRST, f"引号{NASTY}"[:60], "天气", "损坏", filters=Filters(paper="测试日报")
        )
        conversation.turns[0].answer = whole_answer(scripted)
        conversation.turns[1].thumb = Thumb("a" * 32, "down", "没有答全", NASTY)
        back = read_conversation(record(conversation), scripted.article)
        assert [turn.status for turn in back.turns] == ["answered"] * 3 + ["failed"]
        assert chat_view.turns_view(back.turns) == chat_view.turns_view(conversation.turns)
        assert (back.id, back.filters) == (conversation.id, conversation.filters)

    @pytest.mark.parametrize(
        "change", [{"key": "1"}, {"key": None}, {"verdict": "maybe"}, {"comment": "长" * 2_001}]
    )
    def test_a_damaged_thumb_is_refused(self, change: dict[str, object]) -> None:
        conversation = talk(ScriptedBackend(), FIRST)
        conversation.turns[0].thumb = Thumb("a" * 32, "up")
        given = record(conversation)
        read_conversation(given, nothing)
        given["turns"][0]["thumb"] |= change
        with pytest.raises(QuestionError, match=f"turns.0.thumb.{next(iter(change))}"):
            read_conversation(given, nothing)

    def test_a_stopped_turn_keeps_what_was_written(self) -> None:
        conversation = talk(ScriptedBackend(), FIRST)
        turn = conversation.ask(SECOND)
        turn.text = "写了一半。"
        turn.stop()
        back = read_conversation(record(conversation), nothing)
        assert (back.turns[1].status, back.turns[1].text) == ("stopped", "写了一半。")

    @pytest.mark.parametrize(
        "change",
        [
            {"id": "../../etc/passwd"},
            {"id": None},
            {"turns": []},
            {"turns": "x"},
            {"turns": [{"question": "", "status": "stopped"}]},
            {"turns": [{"question": "问", "status": "running"}]},
            {"turns": [{"question": "问", "status": "answered"}]},
            {"turns": [{"question": "问", "status": "stopped", "filters": {"since": "1"}}]},
            {"turns": [{"question": "问", "status": "stopped", "filters": {"from": "昨天"}}]},
            {"turns": [{"question": "问", "status": "stopped"}] * (MOST_TURNS + 1)},
        ],
    )
    def test_a_damaged_conversation_is_refused(self, change: dict[str, object]) -> None:
        given = record(talk(ScriptedBackend(), FIRST))
        read_conversation(given, nothing)
        with pytest.raises(QuestionError):
            read_conversation(given | change, nothing)


class TestHandlers:
    def test_what_is_over_is_kept_and_nothing_else(self) -> None:
        scripted = ScriptedBackend()
        conversation = talk(scripted, FIRST)
        message = told(keep(conversation))
        assert (message["kind"], message["id"], message["number"]) == ("keep", conversation.id, 1)
        assert message["turn"]["question"] == FIRST
        conversation.ask(SECOND)  # before the first was kept
        assert told(keep(conversation))["number"] == 1
        assert keep(Conversation()) == {}
        begun = Conversation()
        begun.ask(FIRST)
        assert keep(begun) == {}

    def test_two_conversations_have_two_ids(self) -> None:
        one, other = (talk(ScriptedBackend(), FIRST) for _ in range(2))
        assert one.id != other.id

    def test_a_conversation_goes_on_where_it_was_left(self) -> None:
        scripted = ScriptedBackend()
        kept = record(talk(scripted, FIRST, SECOND))
        session = Conversation(effort=Effort(5, None))
        update = chat(scripted).reopen(kept, session)
        assert FIRST in update["past"] and SECOND in update["live"]
        assert told(update)["id"] == kept["id"] == session.id
        handlers = Handlers(scripted)
        handlers.submit("还有呢？", session)
        list(handlers.run(session))
        assert scripted.asked[-1] == ("还有呢？", (FIRST, SECOND))
        assert scripted.efforts[-1] == Effort(5, None), "settings are the visitor's"
        assert told(keep(session))["number"] == 3

    @pytest.mark.parametrize("given", [None, [], "x", {}, {"id": NASTY}, {"id": 7, "turns": [1]}])
    def test_a_damaged_one_is_said_in_one_line(self, given: object) -> None:
        session = talk(ScriptedBackend(), FIRST)
        update = chat(ScriptedBackend()).reopen(given, session)
        assert DAMAGED in update["notice"]
        assert told(update)["kind"] == "damaged"
        assert session.turns[0].question == FIRST, "what is on view stays"

    def test_while_an_answer_is_under_way_nothing_takes_its_place(self) -> None:
        scripted = ScriptedBackend()
        session = Conversation()
        session.ask(FIRST)
        handlers = chat(scripted)
        kept = record(talk(scripted, SECOND))
        for update in (
            handlers.reopen(kept, session),
            handlers.fresh(session),
            handlers.linked({"question": SECOND}, session),
        ):
            assert BUSY in update["notice"] and "past" not in update
        assert [turn.question for turn in session.turns] == [FIRST]

    def test_a_new_one_is_empty(self) -> None:
        scripted = ScriptedBackend()
        session = talk(scripted, FIRST, filters=Filters(paper="测试日报"))
        update = chat(scripted).fresh(session)
        assert "想从报上了解什么" in update["past"]
        assert (update["live"], update["chips"]) == ("", "")
        assert (session.turns, session.filters, session.id) == ([], Filters(), "")

    def test_a_link_is_shown_and_not_asked(self) -> None:
        scripted, session = ScriptedBackend(), Conversation()
        update = chat(scripted).linked({"question": FIRST, "paper": "测试日报"}, session)
        assert FIRST in update["past"] and "限于 报纸 测试日报" in update["past"]
        assert session.filters == Filters(paper="测试日报")
        assert (session.turns, scripted.asked) == ([], [])

    @pytest.mark.parametrize(
        "given",
        [None, {}, {"question": 1}, {"question": "问" * 61}, {"question": "问", "from": "x"}],
    )
    def test_a_link_that_asks_nothing_is_said(self, given: object) -> None:
        session = talk(ScriptedBackend(), FIRST)
        assert LOST in chat(ScriptedBackend()).linked(given, session)["notice"]
        assert len(session.turns) == 1

    def test_a_link_holds_the_question_and_what_limits_it(self) -> None:
        turn = talk(
            ScriptedBackend(), "占比&多少=？", filters=Filters(since=date(2024, 5, 1))
        ).turns[0]
        assert "a=%E5%8D%A0%E6%AF%94%26%E5%A4%9A%E5%B0%91%3D%EF%BC%9F&amp;from=2024-05-01" in link(
            turn
        )
        turn.answer = None
        assert link(turn) == ""


class TestEffort:
    @pytest.mark.parametrize(
        "given, effort",
        [
            (None, USUAL),
            ({}, USUAL),
            ({"sources": 5, "length": "medium"}, Effort(5, None)),
            ({"sources": 1, "length": "short"}, Effort(1, 80)),
            ({"length": "long"}, Effort(None, 320)),
            ({"sources": 10**9, "length": "endless"}, Effort(8, None)),
            ({"sources": -4}, Effort(1, None)),
            ({"sources": True, "length": ["long"]}, USUAL),
            ({"sources": "5"}, USUAL),
        ],
    )
    def test_what_a_browser_sends_is_bounded(self, given: object, effort: Effort) -> None:
        assert read_effort(given, Settings(answer_tokens=160, sources=3)) == effort

    def test_tokens_stay_within_the_bounds_of_the_setting(self) -> None:
        assert read_effort({"length": "long"}, Settings(answer_tokens=2000)).answer_tokens == 2048
        assert read_effort({"length": "short"}, Settings(answer_tokens=20)).answer_tokens == 16

    def test_it_says_how_much_the_assistant_reads_and_writes(
        self, tiny_corpus: Path, tmp_path: Path
    ) -> None:
        settings = Settings(
            corpus=tiny_corpus,
            index=tmp_path / "index",
            abstain=willing(tmp_path),
            sources=2,
            answer_tokens=100,
        )
        build(settings, HashEncoder())
        snapshot = Store(settings.index).load(settings.cache_dir)
        generator = NotingGenerator(["中试基地占地120亩。"])
        assistant = Assistant(Search(snapshot, HashEncoder(), settings), generator)
        for effort, sources in ((USUAL, 2), (Effort(1, 50), 1), (Effort(3), 3)):
            answer = assistant.ask("白沙高新区的中试基地占地多少亩？", effort=effort)
            assert len(answer.evidence.hits) == sources
        assert generator.limits == [100, 50, 100]


# In the browser

browsers = needs_chromium
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


@browsers
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


@browsers
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


@browsers
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


@browsers
def test_an_edited_question_takes_the_place_of_its_own(page: Page) -> None:
    asked(page, FIRST, SECOND)
    page.get_by_role("button", name="修改问题").first.click()
    expect(page.locator("#box textarea")).to_have_value(FIRST)
    asked(page, "备案有多少？")
    page.wait_for_function(
        f"{SHOWN}.map((key) => JSON.parse(localStorage[key]).turns.map((t) => t.question).join())"
        ".join() === '备案有多少？'"
    )


@browsers
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


@browsers
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


@browsers
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


@browsers
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


@browsers
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


@browsers
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


@browsers
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


@browsers
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


@browsers
def test_what_cannot_be_kept_is_said_where_the_list_is_shut(page: Page) -> None:
    page.evaluate("localStorage.setItem('filler', '字'.repeat(5 * 1024 * 1024 - 200))")
    asked(page, FIRST)
    expect(page.get_by_role("alert").filter(has_text="浏览器里存不下了")).to_be_visible()


@browsers
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


@browsers
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


@browsers
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


@browsers
@pytest.mark.parametrize("scheme, choice", [("light", "深色"), ("dark", "浅色")])
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
