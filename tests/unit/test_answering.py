"""Around an answer: steps and times, marks, and what its events do."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.errors import NotReady, StoreError
from rag.feedback import Feedback
from rag.types import EVERYTHING, Answer, Draft, Evidence, Filters, Hit, Passage, Timings
from rag.web import answer_view, chat_view
from rag.web.answering import GONE, UNSTORED, AnswerHandlers
from rag.web.citation_view import cited
from rag.web.conversation import Conversation, Turn
from rag.web.conversations import keep
from rag.web.handlers import Handlers
from rag.web.limits import Limits
from rag.web.markup import Html
from rag.web.verified import LABEL, RECORDED, VERBATIM, WRITTEN, is_verbatim
from tests.support.markup import FORBIDDEN, Reader
from tests.support.scripted_backend import NASTY, REFUSAL, ScriptedBackend


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


@pytest.fixture
def asking(backend: Backend) -> Handlers:
    return Handlers(backend)


@pytest.fixture
def acts(asking: Handlers) -> AnswerHandlers:
    return AnswerHandlers(asking)


def asked(asking: Handlers, *questions: str) -> Conversation:
    """A conversation whose questions are answered."""
    conversation = Conversation()
    for question in questions:
        asking.submit(question, conversation)
        finish(asking, conversation)
    return conversation


def finish(asking: Handlers, conversation: Conversation) -> str:
    *_, last = asking.run(conversation)
    return str(last)


def elements(view: str, name: str) -> list[Mapping[str, str | None]]:
    return [given for kind, given in Reader(view).elements if kind == name]


# steps


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_step_is_timed_by_the_turn() -> None:
    clock = Clock()
    turn = Turn(1, "问", clock=clock)
    turn.begin()
    for step, seconds in (("retrieve", 0.05), ("read", 1.0), ("check", 0.25), ("read", 2.0)):
        turn.take(Draft(step))  # type: ignore[arg-type]  # the literals above
        clock.now += seconds
    assert turn.seconds("retrieve") == pytest.approx(0.05)
    assert turn.seconds("read") == pytest.approx(3.0), "what was read before counts on"
    view = answer_view.steps(turn)
    assert Reader(view).text == "检索 0.05 秒阅读 3.0 秒核对 0.2 秒"
    now = [one for one in elements(view, "li") if one.get("class") == "now"]
    assert [one.get("aria-current") for one in now] == ["step"]
    turn.stop()
    clock.now += 50
    assert turn.seconds("read") == pytest.approx(0.0 + 1.0), "only steps that were left are known"
    assert "now" not in [one.get("class") for one in elements(answer_view.steps(turn), "li")]


def test_a_question_that_waits_says_so_in_the_line_of_the_steps() -> None:
    turn = Turn(1, "问", ahead=3)
    assert Reader(answer_view.steps(turn)).text == "前面还有 3 个问题，请稍候。"


def test_the_final_line_tells_the_steps_that_were_taken(backend: Backend) -> None:
    answer = backend.ask("问")
    told = replace(answer, timings=Timings(0.047, 1.18, 3.06, 2.71, 0.004))
    said = Reader(answer_view.timings(told)).text
    assert said == "检索 0.05 秒阅读 2.7 秒核对 0.01 秒共 3.1 秒"
    told = replace(answer, timings=Timings(total=0.02))
    assert Reader(answer_view.timings(told)).text == "共 0.02 秒"


# marks


def marks(answer: Answer, text: str, recorded: bool = False) -> list[str]:
    view = "".join(cited(text, answer.citations, 1, recorded))
    found = [one for one in elements(view, "span") if one.get("class") == "verified"]
    assert all((one["role"], one["aria-label"]) == ("img", LABEL) for one in found)
    return [str(one["title"]).removeprefix(f"{LABEL}：") for one in found]


def test_each_cited_sentence_is_marked_and_no_other(backend: Backend) -> None:
    answer = backend.ask("问")
    assert marks(answer, answer.text) == [VERBATIM, VERBATIM]
    text = "备案的算法有27个[1]。关于“平台”，资料中没有找到相关内容。平台有6个[2]。合计如上。"
    assert marks(answer, text) == [WRITTEN, WRITTEN]
    listed = "报道共2篇：《甲》[1]；《乙》[2]。"
    assert marks(answer, listed, recorded=True) == [RECORDED], "a list is one sentence"
    assert len(marks(answer, listed)) == 2
    assert marks(answer, "没有编号的一句。") == []


def test_what_is_verbatim() -> None:
    quotes = ["他说：“甲园区〔2〕有27家企业。”"]
    assert is_verbatim("2024年5月6日的报道：他说：甲园区[2]有27家企业", quotes)
    assert is_verbatim("前一句没有编号。甲园区[2]有27家企业", quotes)
    assert not is_verbatim("甲园区有二十七家企业", quotes)
    assert not is_verbatim("", quotes)
    assert not is_verbatim("甲", ["", "。"])


# what can be done


def act_names(view: str) -> list[str | None]:
    return [one.get("data-act") for one in elements(view, "button") if "data-act" in one]


def test_every_answer_has_its_row_and_the_last_can_be_given_anew(
    asking: Handlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问", "第二问")
    past = chat_view.turns_view(conversation.turns[:-1])
    assert act_names(past) == ["copy", "edit", "up", "down"]
    live = str(asking.settle(conversation)["live"])
    assert act_names(live) == ["copy", "anew", "edit", "up", "down"]
    buttons = [one for one in elements(live, "button") if "data-act" in one]
    assert [one["aria-label"] for one in buttons] == [
        "复制", "重新回答", "修改问题", "答得好", "答得不好",
    ]  # fmt: skip
    conversation.ask("第三问")
    assert act_names(asking.stop(conversation)["live"]) == ["anew", "edit"]
    waiting = Turn(1, "问")
    assert answer_view.acts(waiting, last=True) == ""


def test_a_copy_holds_the_markers_and_their_references(backend: Backend) -> None:
    text = answer_view.copied(backend.ask("问"))
    answer, blank, *references = text.split("\n")
    assert answer == backend.ask("问").text
    assert blank == ""
    told = "甲某. 南湖园区：算法备案走在前面[N]. 测试日报, 2024-05-06(3)."
    assert references == [f"[1] {told}", f"[2] {told}"]
    assert answer_view.copied(backend.ask("天气")) == REFUSAL


def test_an_answer_given_anew_reads_more_and_says_what_came_of_it(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问", "备案？")
    usual = backend.settings.sources
    for more in (2, 4, 6):
        update = acts.anew(2, conversation)
        assert "live" in update
        assert f"这一次多读了 {more} 段资料，答案没有变。" in finish(asking, conversation)
        assert backend.efforts[-1].sources == usual + more
        assert [turn.number for turn in conversation.turns] == [1, 2]
    assert backend.asked[-1] == ("备案？", ("第一问",)), "what is replaced is no history"
    assert "资料没有变，答案也不会变。" in acts.anew(2, conversation)["notice"], "enough is enough"
    assert len(backend.asked) == 5


def test_an_answer_given_anew_keeps_to_its_own_filters(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = Conversation(filters=Filters(paper="测试日报"))
    asking.submit("备案？", conversation)
    finish(asking, conversation)
    conversation.filters = EVERYTHING
    acts.anew(1, conversation)
    finish(asking, conversation)
    assert [one.paper for one in backend.asked_under] == ["测试日报", "测试日报"]


def test_where_the_index_has_changed_the_same_is_asked_again(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "备案？")
    answer = conversation.turns[0].answer
    assert answer is not None
    conversation.turns[0].answer = replace(answer, index_version="v-older", text="以前的回答。")
    acts.anew(1, conversation)
    assert "资料有更新，重新答了一次，答案与上一次不同。" in finish(asking, conversation)
    assert backend.efforts[-1].sources is None


def test_what_more_passages_cannot_change_is_not_asked_again(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "目录")
    assert "资料没有变，答案也不会变。" in acts.anew(1, conversation)["notice"]
    assert len(backend.asked) == 1


def test_a_stopped_question_can_be_asked_anew(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = Conversation()
    asking.submit("备案？", conversation)
    asking.stop(conversation)
    acts.anew(1, conversation)
    assert "27个算法" in finish(asking, conversation)
    assert backend.efforts[-1].sources is None


class Failing(Backend):
    """The second time that it is asked it fails."""

    def stream(self, *given: Any, **more: Any) -> Iterator[Draft | Answer]:
        if self.asked:
            raise StoreError("no index in x; run `rag build`")
        return super().stream(*given, **more)


@pytest.mark.parametrize("how", ["fails", "is stopped"])
def test_where_no_other_answer_comes_the_one_of_before_stays(how: str) -> None:
    backend = Failing()
    asking = Handlers(backend)
    conversation = asked(asking, "备案？")
    before = conversation.turns[0].answer
    AnswerHandlers(asking).anew(1, conversation)
    if how == "is stopped":
        asking.stop(conversation)
    shown = finish(asking, conversation)
    assert conversation.turns[0].answer is before
    assert "27个算法" in shown
    assert ("还没有建索引" in shown) == ("还是原来的回答。" in shown) == (how == "fails")
    kept = json.loads(html.unescape(keep(conversation)["kept"].split(">", 1)[1][:-6]))
    assert kept["turn"]["status"] == "answered"


def test_answers_given_anew_count_among_the_questions_of_a_minute(backend: Backend) -> None:
    asking = Handlers(backend, limits=Limits(1))
    conversation = Conversation()
    asking.submit("备案？", conversation, "甲")
    finish(asking, conversation)
    assert "一分钟最多问 1 个问题" in AnswerHandlers(asking).anew(1, conversation, "甲")["notice"]
    assert len(backend.asked) == 1


def test_an_edited_question_takes_the_place_of_what_followed(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问", "第二问", "第三问")
    update = acts.edit(2, conversation)
    assert update["box"] == "第二问"
    assert "正在修改第 2 问" in update["editing"]
    assert len(conversation.turns) == 3, "nothing is gone before it is sent"
    update = asking.submit("第二问改", conversation)
    assert update["editing"] == ""
    assert "第一问" in update["past"] and "第二问" not in update["past"]
    finish(asking, conversation)
    assert [turn.question for turn in conversation.turns] == ["第一问", "第二问改"]
    assert [turn.number for turn in conversation.turns] == [1, 2]
    assert backend.asked[-1] == ("第二问改", ("第一问",))


def test_an_edit_can_be_given_up(asking: Handlers, acts: AnswerHandlers) -> None:
    conversation = asked(asking, "第一问", "第二问")
    acts.edit(1, conversation)
    assert acts.keep("写了一半", conversation) == {"box": "写了一半", "editing": ""}
    assert acts.keep({"draft": 1}, conversation) == {"box": "", "editing": ""}
    asking.submit("第三问", conversation)
    assert len(conversation.turns) == 3


def test_a_question_that_is_not_taken_leaves_the_edit_open(
    asking: Handlers, acts: AnswerHandlers
) -> None:
    conversation = asked(asking, "第一问", "第二问")
    acts.edit(1, conversation)
    assert "最多 60 字" in asking.submit("问" * 61, conversation)["notice"]
    assert (conversation.editing, len(conversation.turns)) == (1, 2)


def test_an_offered_question_leaves_what_is_being_written(
    asking: Handlers, acts: AnswerHandlers
) -> None:
    conversation = asked(asking, "第一问")
    assert "box" not in asking.offered("第二问", conversation)
    assert "notice" in asking.offered("第三问", conversation), "the second is under way"
    finish(asking, conversation)
    acts.edit(1, conversation)
    assert asking.offered("", conversation)["notice"]
    assert conversation.editing == 1, "nothing was asked"
    assert asking.offered("第四问", conversation)["box"] == "", "it held what was to be changed"
    assert [turn.question for turn in conversation.turns] == ["第一问", "第二问", "第四问"]


def rows(backend: Backend) -> list[tuple[str, str, str, str]]:
    found = Feedback(backend.settings.feedback).rows()
    return [(one.question, one.verdict, one.reason, one.comment) for one in found]


def test_a_thumb_is_stored_and_the_mind_may_be_changed(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问", "第二问")
    assert 'aria-pressed="true"' in acts.judge(2, "up", conversation, "甲")["live"]
    assert rows(backend) == [("第二问", "up", "", "")]
    assert Feedback(backend.settings.feedback).rows()[0].user == "甲"
    shown = acts.judge(2, "down", conversation)["live"]
    assert [one.get("value") for one in elements(shown, "input")][:-1] == list(answer_view.REASONS)
    told = {"turn": 2, "reason": "数字不对", "comment": " 应当是26个 "}
    shown = acts.explain(told, conversation)["live"]
    assert "已记下，数字不对" in Reader(shown).text
    assert not elements(shown, "form")
    assert rows(backend) == [("第二问", "down", "数字不对", "应当是26个")]
    assert elements(acts.judge(2, "down", conversation)["live"], "form"), "to say more"
    acts.judge(2, "up", conversation)
    assert rows(backend) == [("第二问", "up", "", "")]
    assert "past" in acts.judge(1, "up", conversation), "an earlier answer is judged in its place"
    assert len(rows(backend)) == 2


def test_a_form_that_is_closed_leaves_the_thumb(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问")
    acts.judge(1, "down", conversation)
    assert not elements(acts.shut(1, conversation)["live"], "form")
    assert rows(backend) == [("第一问", "down", "", "")]


def test_a_thumb_that_cannot_be_stored_is_told(
    asking: Handlers, acts: AnswerHandlers, backend: Backend, tmp_path: Path
) -> None:
    taken = {"feedback": tmp_path}  # a folder is no file
    backend.settings = backend.settings.model_copy(update=taken)
    conversation = asked(asking, "第一问")
    assert UNSTORED in acts.judge(1, "up", conversation)["notice"]
    assert conversation.turns[0].thumb is None


@pytest.mark.parametrize("number", [None, "1", 0, 7, True, 1.0, [1], {"turn": 1}])
def test_numbers_that_no_answer_has_are_refused(
    asking: Handlers, acts: AnswerHandlers, backend: Backend, number: object
) -> None:
    conversation = asked(asking, "第一问")
    for update in (
        acts.anew(number, conversation),
        acts.edit(number, conversation),
        acts.judge(number, "up", conversation),
        acts.explain({"turn": number}, conversation),
        acts.shut(number, conversation),
    ):
        assert set(update) == {"notice"}
        assert GONE in update["notice"]
    assert len(backend.asked) == 1
    assert not backend.settings.feedback.exists()


def test_what_the_form_sends_is_checked(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问")
    acts.judge(1, "down", conversation)
    acts.explain({"turn": 1, "reason": NASTY, "comment": ["x"]}, conversation)
    assert rows(backend) == [("第一问", "down", "", "")]
    acts.explain({"turn": 1, "reason": {}, "comment": "长" * 9_999}, conversation)
    assert rows(backend) == [("第一问", "down", "", "长" * answer_view.COMMENT)]
    acts.explain({"turn": 1, "reason": "其他", "comment": NASTY}, conversation)
    shown = Reader(acts.judge(1, "down", conversation)["live"])
    assert not {name for name, _ in shown.elements} & FORBIDDEN
    assert NASTY in [given.get("value") for name, given in shown.elements if name == "input"]


def test_nothing_is_done_while_an_answer_is_under_way(
    asking: Handlers, acts: AnswerHandlers
) -> None:
    conversation = asked(asking, "第一问")
    asking.submit("第二问", conversation)
    assert "还在回答" in acts.edit(1, conversation)["notice"]
    assert "还在回答" in acts.anew(2, conversation)["notice"]
    assert conversation.editing == 0


# a refusal, what to ask next, a file to keep


def test_a_refusal_offers_the_nearest_articles_to_be_read(backend: Backend) -> None:
    answer = backend.ask("明天天气？")
    view = answer_view.nearest(answer)
    assert "不是答案" in view
    assert [one["data-cite"] for one in elements(view, "button")] == [
        backend.long.id, f"{2:016}", f"{3:016}",
    ]  # fmt: skip
    assert "2024年5月6日" in view
    assert not {name for name, _ in Reader(view).elements} & FORBIDDEN
    assert answer_view.nearest(backend.ask("备案？")) == ""
    assert answer_view.nearest(replace(answer, evidence=Evidence("问", ()))) == ""


def test_related_questions_are_asked_for_with_what_was_said(
    asking: Handlers, acts: AnswerHandlers, backend: Backend
) -> None:
    conversation = asked(asking, "第一问", "平台有几个？")
    assert asking.settle(conversation)["related"] == answer_view.related(())
    view = acts.suggest(conversation)
    assert isinstance(view, Html)
    offered = [one["data-question"] for one in elements(view, "button")]
    assert offered == backend.next_questions[1:]
    assert not {name for name, _ in Reader(view).elements} & FORBIDDEN
    assert asking.submit("第三问", conversation)["related"] == ""


def test_related_questions_that_come_too_late_are_not_shown(
    asking: Handlers, acts: AnswerHandlers, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = asked(asking, "第一问")

    def slow(*_given: object) -> list[str]:
        asking.submit("第二问", conversation)
        return ["太晚"]

    monkeypatch.setattr(backend, "related", slow)
    assert "太晚" not in str(acts.suggest(conversation))


def test_without_an_answer_nothing_is_suggested(
    asking: Handlers, acts: AnswerHandlers, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert acts.suggest(Conversation()) == ""
    conversation = asked(asking, "第一问")
    conversation.ask("第二问")
    assert acts.suggest(conversation) == ""
    conversation = asked(asking, "第一问")

    def away(*_given: object) -> list[str]:
        raise NotReady("being opened; wait a moment")

    monkeypatch.setattr(backend, "related", away)
    assert acts.suggest(conversation) == answer_view.related(())


@pytest.mark.parametrize(("form", "sign"), [("md", "# 报纸问答"), ("html", "<!DOCTYPE html>")])
def test_the_conversation_is_sent_as_a_file(
    asking: Handlers, acts: AnswerHandlers, form: str, sign: str
) -> None:
    conversation = asked(asking, "第一问", "第二问")
    conversation.ask("还没有答")
    [sent] = elements(acts.export(form, conversation)["file"], "div")
    assert sent["data-file"] == f"报纸问答-第一问.{form}"
    text = sent["data-text"] or ""
    assert text.startswith(sign)
    assert "测试日报, 2024-05-06(3)" in text.replace("\\", "")
    assert "第二问" in text and "还没有答" not in text


@pytest.mark.parametrize("form", [None, "pdf", 5, ["md"], "__class__"])
def test_a_form_that_there_is_not_gets_a_notice(
    asking: Handlers, acts: AnswerHandlers, form: object
) -> None:
    assert set(acts.export(form, asked(asking, "第一问"))) == {"notice"}
    assert set(acts.export("md", Conversation())) == {"notice"}


# in the browser
