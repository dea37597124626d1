"""The tab 评测 without a browser: what its events do and what is drawn."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag.errors import QuestionError
from rag.evaluate.kept import PARTIAL
from rag.evaluate.report import read_report
from rag.types import EVERYTHING, Answer, Filters
from rag.web import evaluation_view
from rag.web.evaluation import UPLOADED, Desk, EvaluationHandlers
from rag.web.evaluation_run import (
    BROKEN,
    LARGEST,
    Evaluations,
    Run,
    case_files,
    open_case_file,
    read_case_file,
)
from tests.support.evaluations import (
    HOSTILE,
    REFUSED,
    RIGHT,
    Row,
    end_threads,
    jsonl,
    with_cases,
)
from tests.support.markup import FORBIDDEN, Reader
from tests.support.scripted_backend import NASTY, ScriptedBackend


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[ScriptedBackend]:
    with with_cases(tmp_path) as scripted:
        yield scripted


def finished(run: Run | None) -> Run:
    assert run is not None, "another one is under way"
    for _ in range(600):
        if run.over:
            end_threads()
            return run
        run.wait(0.1)
    raise AssertionError("the run does not end")


def reached(run: Run, done: int) -> None:
    for _ in range(600):
        if run.done >= done:
            return
        run.wait(0.1)
    raise AssertionError(f"{run.done} of {done} done")


def sent(name: str, data: bytes) -> Row:
    return {"name": name, "size": len(data), "data": base64.b64encode(data).decode()}


def test_the_folder_offers_its_case_files_alone(backend: ScriptedBackend, tmp_path: Path) -> None:
    folder = backend.settings.cases
    assert case_files(folder) == ["park.jsonl", "slow.jsonl"]
    assert case_files(tmp_path / "none") == []
    for name in ("notes.txt", "../cases/park.jsonl", "none.jsonl"):
        with pytest.raises(QuestionError, match="choose another"):
            open_case_file(folder, name)


def test_a_file_is_named_by_its_own_name_where_it_is_wrong() -> None:
    with pytest.raises(QuestionError) as caught:
        read_case_file("mine.yaml", b"- id: a\n  question: b\n  wrong: c\n")
    assert str(caught.value).startswith("mine.yaml line 1: field 'wrong'")
    with pytest.raises(QuestionError, match=r"^mine\.exe: unknown form; give a \.yaml"):
        read_case_file("mine.exe", b"")


def test_a_run_is_written_and_compared_with_the_last_one(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    first = finished(evaluations.begin(file, None, False)).outcome
    assert first is not None
    assert first.report.against is None
    assert first.report.files == {"park.jsonl": file.sha256}
    assert [result.passed for result in first.report.results] == [True, False, True]
    assert first.folder.is_relative_to(backend.settings.cache_dir / "evaluations")
    assert not (first.folder / PARTIAL).exists()
    second = finished(evaluations.begin(file, 2, False)).outcome
    assert second is not None
    assert second.report.against is not None
    assert second.report.against.cases == 2
    assert (first.report.selection.limit, second.report.selection.limit) == (None, 2)
    assert read_report(second.folder) == second.report


def test_retrieval_alone_asks_nothing_and_has_a_report_of_its_own(
    backend: ScriptedBackend,
) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    finished(evaluations.begin(file, None, False))
    asked = len(backend.asked)
    outcome = finished(evaluations.begin(file, None, True)).outcome
    assert outcome is not None
    assert len(backend.asked) == asked
    assert outcome.report.against is None, "answers are not compared with retrieval"
    assert [result.case.id for result in outcome.report.results] == ["right", "wrong"]
    with pytest.raises(QuestionError, match="no case to run"):
        evaluations.begin(read_case_file("r.jsonl", jsonl(REFUSED)), None, True)


def test_a_damaged_report_is_replaced(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    first = finished(evaluations.begin(file, 1, False)).outcome
    assert first is not None
    (first.folder / "report.json").write_text("{}")
    again = finished(evaluations.begin(file, 1, False))
    assert again.status == "done"
    assert read_report(first.folder)


def test_a_stopped_run_keeps_what_is_done_and_goes_on_there(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "slow.jsonl")
    run = evaluations.begin(file, None, False)
    assert run is not None
    reached(run, 1)
    assert backend.held.wait(20)
    assert evaluations.begin(file, None, False) is None, "one at a time"
    run.stop()
    backend.go.set()
    assert finished(run).status == "stopped"
    assert (run.done, run.outcome) == (2, None), "the current case is done with"
    asked = [question for question, _ in backend.asked]
    again = finished(evaluations.begin(file, None, False))
    assert again.status == "done"
    assert [question for question, _ in backend.asked] == [*asked, "明天天气怎么样？"]


def test_questions_of_the_chat_are_answered_while_a_run_waits(backend: ScriptedBackend) -> None:
    file = open_case_file(backend.settings.cases, "slow.jsonl")
    run = Evaluations(backend).begin(file, None, False)
    assert run is not None
    assert backend.held.wait(20)
    assert not backend.ask("备案有多少？").refused
    assert not run.over
    backend.go.set()
    finished(run)


def test_what_goes_wrong_is_said_in_one_line(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    damaged = read_case_file("d.jsonl", jsonl({"id": "a", "question": "损坏", "all_of": ["x"]}))
    run = finished(evaluations.begin(damaged, None, False))
    assert (run.status, "run `rag build`" in run.problem) == ("failed", True)
    assert "&lt;b&gt;manifest.json" in evaluation_view.ended(run)


class Buggy(ScriptedBackend):
    def ask(
        self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> Answer:
        raise RuntimeError("a bug of the test")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_run_with_a_notice(backend: ScriptedBackend) -> None:
    buggy = Buggy()
    buggy.settings = backend.settings
    evaluations = Evaluations(buggy)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    run = finished(evaluations.begin(file, None, False))
    assert (run.status, run.problem) == ("failed", BROKEN)
    assert finished(evaluations.begin(file, None, False)).over, "the next one is let on"


def test_nothing_of_a_hostile_case_becomes_an_element(backend: ScriptedBackend) -> None:
    file = read_case_file("h.jsonl", jsonl(HOSTILE, RIGHT))
    run = finished(Evaluations(backend).begin(file, None, False))
    assert run.outcome is not None
    run.file = type(file)(f"{NASTY}.jsonl", file.sha256, file.cases)
    for view in (evaluation_view.report_view(run.outcome), evaluation_view.ended(run)):
        shown = Reader(view)
        assert NASTY in shown.text or "img src=x" in shown.text
        assert not {name for name, _ in shown.elements} & (FORBIDDEN - {"svg", "style"})
        assert not [key for _, one in shown.elements for key in one if key.startswith("on")]


def test_uploads_are_checked(backend: ScriptedBackend) -> None:
    handlers, desk = EvaluationHandlers(backend), Desk()
    for given, said in (
        (None, "没有收到文件"),
        ({"name": 5}, "没有收到文件"),
        ({"name": "a.yaml", "size": LARGEST + 1}, "a.yaml 超过 2 MB"),
        ({"name": "a.yaml", "size": 1, "data": "A" * (2 * LARGEST)}, "a.yaml 超过 2 MB"),
        ({"name": "a.yaml", "data": "!"}, "a.yaml 没有传全"),
        (sent("../b.jsonl", b"{"), "b.jsonl line 1: not JSON; put it right"),
        (sent("<b>.jsonl", b"{"), "&lt;b&gt;.jsonl line 1"),
        (sent("c.csv", b""), "c.csv: the file is empty"),
        (sent("\ud800.txt", b""), "unknown form"),
    ):
        told = handlers.upload(given, desk)["told"]
        assert said in told, given
        told.encode()  # no lone surrogate goes out
        assert desk.uploaded is None
    update = handlers.upload(sent("mine.jsonl", jsonl(RIGHT)), desk)
    assert update["files"]["value"] == UPLOADED
    assert update["files"]["choices"][0] == ("mine.jsonl（上传，1 题）", UPLOADED)
    assert handlers.begin(UPLOADED, 0, False, desk)["told"] == ""
    assert finished(desk.run).passed == 1


@pytest.mark.parametrize(
    ("chosen", "limit", "said"),
    [
        (None, 0, "还没有选题目文件"),
        (UPLOADED, 0, "no case file / in"),
        (5, 0, "还没有选题目文件"),
        ("../park.jsonl", 0, "choose another"),
        ("park.jsonl", -1, "题数 -1 不是正整数"),
        ("park.jsonl", "x", "题数 x 不是正整数"),
    ],
)
def test_a_bad_start_is_said_in_one_line(
    backend: ScriptedBackend, chosen: object, limit: object, said: str
) -> None:
    desk = Desk()
    assert said in EvaluationHandlers(backend).begin(chosen, limit, False, desk)["told"]
    assert desk.run is None


def test_a_start_that_was_refused_leaves_the_page_as_it_is(backend: ScriptedBackend) -> None:
    assert list(EvaluationHandlers(backend).follow(Desk())) == [{}]


def test_a_page_that_goes_away_stops_its_run(backend: ScriptedBackend) -> None:
    handlers, desk = EvaluationHandlers(backend), Desk()
    handlers.begin("slow.jsonl", 0, False, desk)
    views = handlers.follow(desk)
    assert "题" in next(views)["outcome"]
    views.close()  # type: ignore[attr-defined]  # follow is a generator
    assert desk.run is not None
    assert desk.run.stopping.is_set()
    backend.go.set()
    assert finished(desk.run).status == "stopped"


def test_a_text_that_no_page_can_hold_is_left_out(backend: ScriptedBackend) -> None:
    handlers, desk = EvaluationHandlers(backend), Desk()
    row = json.dumps({"id": "s", "question": "备案\x07？", "all_of": ["\x08"]})
    handlers.upload(sent("s.jsonl", row.encode()), desk)
    handlers.begin(UPLOADED, 0, False, desk)
    *_, last = handlers.follow(desk)
    assert "\x07" not in last["report"]
    assert "备案？" in last["report"]
