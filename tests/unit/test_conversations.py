"""Conversations as they are kept and read back."""

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

from rag.answer.assistant import Assistant
from rag.answer.export import answer_to_dict
from rag.answer.restore import answer_from_dict
from rag.config import Settings
from rag.errors import QuestionError
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
from rag.web.kept import MOST_TURNS, read_conversation
from rag.web.preferences import read_effort
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing
from tests.support.scripted_backend import NASTY, ScriptedBackend
from tests.support.talks import (
    FIRST,
    SECOND,
    nothing,
    record,
    talk,
)


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
