"""Running cases: what is asked, kept, gathered, and how the command ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

import rag
from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import ConfigError, QuestionError
from rag.evaluate.cases import write_cases
from rag.evaluate.command import DRAFT, choose
from rag.evaluate.gather import gather, hashes, parse_floors
from rag.evaluate.kept import PARTIAL, forget
from rag.evaluate.machine import code_hash, versions
from rag.evaluate.record import CaseFilters, Result, Selection
from rag.evaluate.report import read_report, write_report
from rag.evaluate.run import run, run_case
from rag.evaluate.summary import STAGES
from rag.index.build import build
from rag.index.store import Store
from rag.retrieve.search import Search
from rag.types import EVERYTHING, Answer, Filters
from tests.support.cases import ACRES, WEATHER, WRONG
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing


class Counting(Assistant):
    """An assistant that counts what it is asked, and can fail on a question."""

    asked: list[str]
    interrupt: str = ""

    def ask(
        self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> Answer:
        if question == self.interrupt:
            raise KeyboardInterrupt
        self.asked.append(question)
        return super().ask(question, history, filters)


@pytest.fixture
def assistant(tmp_path: Path, tiny_corpus: Path) -> Counting:
    settings = Settings(corpus=tiny_corpus, index=tmp_path / "index", abstain=willing(tmp_path))
    build(settings, HashEncoder())
    snapshot = Store(settings.index).load(settings.cache_dir)
    search = Search(snapshot, HashEncoder(), settings)
    made = Counting(search, ScriptedGenerator(["中试基地占地120亩。"]))
    made.asked = []
    return made


class TestRunCase:
    def test_right_answer_passes(self, assistant: Counting):
        result = run_case(ACRES, assistant, assistant)
        assert result.passed, result.why
        assert result.answer is not None and "120亩" in result.answer["answer"]
        assert result.found[0].headline == "白沙高新区建成中试基地"
        assert {"retrieve", "first_token", "total"} <= set(result.seconds)
        assert set(result.seconds) <= set(STAGES)
        assert result.scores["recall_at_1"] == 1.0

    def test_wrong_answer_fails_and_says_why(self, assistant: Counting):
        result = run_case(WRONG, assistant, assistant)
        assert not result.passed and "999亩" in result.why[0]

    def test_refusal(self, assistant: Counting):
        assert run_case(WEATHER, assistant, assistant).passed
        answered = WEATHER.model_copy(update={"question": ACRES.question})
        assert not run_case(answered, assistant, assistant).passed

    def test_retrieval_only_asks_nothing(self, assistant: Counting):
        result = run_case(ACRES, assistant, None)
        assert result.passed and result.answer is None and not assistant.asked
        assert set(result.seconds) == {"retrieve"}

    def test_filters_reach_the_search(self, assistant: Counting):
        early = ACRES.model_copy(update={"filters": CaseFilters(until=date(2024, 5, 31))})
        result = run_case(early, assistant, assistant)
        assert {found.issue for found in result.found} == {"2024-05-01-a"}
        assert not result.passed

    def test_history_reaches_both(self, assistant: Counting):
        case = ACRES.model_copy(update={"question": "它占地多少亩？", "history": (ACRES.question,)})
        result = run_case(case, assistant, assistant)
        assert result.answer is not None
        assert result.answer["standalone"] != case.question

    def test_stages_that_did_not_run_have_no_time(self, assistant: Counting):
        result = run_case(
            ACRES.model_copy(update={"question": "一共收录了多少篇报道？"}), assistant, assistant
        )
        assert result.answer is not None and result.answer["confidence"] is None
        assert set(result.seconds) == {"total"}

    def test_overlong_question_fails_the_case_alone(self, assistant: Counting):
        result = run_case(ACRES.model_copy(update={"question": "问" * 999}), assistant, assistant)
        assert not result.passed and "characters" in result.why[0]


class TestResume:
    cases = (ACRES, WEATHER, WRONG)

    def test_goes_on_where_it_was(self, assistant: Counting, tmp_path: Path):
        assistant.interrupt = WEATHER.question
        with pytest.raises(KeyboardInterrupt):
            run(self.cases, assistant, assistant, tmp_path / "r")
        assert assistant.asked == [ACRES.question]
        assistant.interrupt = ""
        told: list[tuple[int, int]] = []
        results = run(self.cases, assistant, assistant, tmp_path / "r", lambda *n: told.append(n))
        assert assistant.asked == [ACRES.question, WEATHER.question, ACRES.question]
        assert [r.case.id for r in results] == ["acres", "weather", "wrong"]
        assert told == [(1, 1), (2, 2), (2, 3)]

    def test_a_line_that_was_being_written(self, assistant: Counting, tmp_path: Path):
        whole = run(self.cases, assistant, assistant, tmp_path)
        path = tmp_path / PARTIAL
        text = path.read_text("utf-8")
        path.write_text(text[:-40], "utf-8")
        assistant.asked.clear()
        again = run(self.cases, assistant, assistant, tmp_path)
        assert assistant.asked == [WRONG.question]
        assert [r.passed for r in again] == [r.passed for r in whole]
        assistant.asked.clear()
        run(self.cases, assistant, assistant, tmp_path)
        assert assistant.asked == []  # the broken line did not take the next with it

    def test_what_has_changed_runs_again(self, assistant: Counting, tmp_path: Path):
        run([ACRES], assistant, assistant, tmp_path)
        assistant.asked.clear()
        run([ACRES.model_copy(update={"any_of": ("130亩",)})], assistant, assistant, tmp_path)
        assert len(assistant.asked) == 1
        searcher = assistant._search
        searcher.settings = searcher.settings.model_copy(update={"sources": 2})
        run([ACRES], assistant, assistant, tmp_path)
        assert len(assistant.asked) == 2

    def test_other_code_runs_again(
        self, assistant: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        run([ACRES], assistant, assistant, tmp_path)
        changed = {**versions(), "code": "another"}
        monkeypatch.setattr("rag.evaluate.kept.versions", lambda: changed)
        assistant.asked.clear()
        run([ACRES], assistant, assistant, tmp_path)
        assert assistant.asked == [ACRES.question]

    def test_forgotten_once_reported(self, assistant: Counting, tmp_path: Path):
        run([ACRES], assistant, assistant, tmp_path)
        forget(tmp_path)
        assistant.asked.clear()
        run([ACRES], assistant, assistant, tmp_path)
        assert assistant.asked == [ACRES.question]

    def test_folder_that_cannot_be_written(self, assistant: Counting, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigError, match="another folder"):
            run([ACRES], assistant, assistant, tmp_path / "file" / "r")


class TestGather:
    def results(self, assistant: Counting, tmp_path: Path) -> list[Result]:
        return run((ACRES, WEATHER, WRONG), assistant, assistant, tmp_path / "kept")

    def test_report_says_all_that_is_needed(self, assistant: Counting, tmp_path: Path):
        results = self.results(assistant, tmp_path)
        floors = {"passed": 0.5, "false_refusals": 0.0}
        report = gather(
            results,
            assistant,
            assistant.generator,
            {"a.yaml": "0" * 64},
            floors,
            selection=Selection(limit=3, tags=("figure",)),
        )
        assert report.index["version"] == assistant.manifest.version
        assert report.generator == "scripted-generator"
        assert report.settings["sources"] == 3
        assert {"python", "torch", "report-rag", "code"} <= set(report.versions)
        assert not set(report.versions) & set(report.machine)
        assert report.selection == Selection(limit=3, tags=("figure",))
        assert report.metrics["passed"].value == pytest.approx(2 / 3)
        assert report.metrics["refusal_recall"].value == 1.0
        assert [(f.metric, f.met) for f in report.floors] == [
            ("passed", True),
            ("false_refusals", True),  # at most
        ]
        write_report(report, tmp_path / "report")
        assert read_report(tmp_path / "report") == report

    def test_compared_with_the_run_before(self, assistant: Counting, tmp_path: Path):
        results = self.results(assistant, tmp_path)
        before = gather(results, assistant, assistant.generator, {}, {})
        worse = [r.model_copy(update={"why": ("缺少",)}) for r in results]
        after = gather(worse, assistant, assistant.generator, {}, {}, before)
        assert after.against is not None
        assert after.against.newly_failed == ("acres", "weather")
        assert after.against.newly_passed == ()

    def test_a_floor_that_no_case_counts_for_is_not_met(self, assistant: Counting, tmp_path: Path):
        results = run([WEATHER], assistant, assistant, tmp_path / "kept")
        report = gather(results, assistant, assistant.generator, {}, {"recall_at_1": 0.1})
        assert not report.floors[0].met

    def test_files_are_named_with_their_hashes(self, tmp_path: Path):
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "notes.txt").write_text("no case")
        one, other = tmp_path / "a.jsonl", tmp_path / "x" / "a.jsonl"
        write_cases([ACRES], one)
        write_cases([WEATHER], other)
        found = hashes([one, tmp_path / "x"])
        assert list(found) == [str(one), str(other)]
        assert {len(sha256) for sha256 in found.values()} == {64}
        assert len(set(found.values())) == 2


class TestCode:
    def test_changes_with_a_source_or_a_table(self, tmp_path: Path):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x.py").write_text("1")
        seen = [code_hash(tmp_path)]
        (tmp_path / "a" / "x.py").write_text("2")
        seen.append(code_hash(tmp_path))
        (tmp_path / "abstain.json").write_text("{}")
        seen.append(code_hash(tmp_path))
        (tmp_path / "a" / "x.py").rename(tmp_path / "a" / "y.py")
        seen.append(code_hash(tmp_path))
        assert len(set(seen)) == 4
        (tmp_path / "x.pyc").write_text("compiled")
        assert code_hash(tmp_path) == seen[-1]

    def test_is_a_version(self):
        assert versions()["code"] == code_hash(Path(rag.__file__).parent)


class TestFloors:
    def test_read(self):
        assert parse_floors(["passed=0.8", " total_p95 = 7"]) == {
            "passed": 0.8,
            "total_p95": 7.0,
        }
        assert parse_floors(["passed=1", "false_refusals=0"]) == {"passed": 1, "false_refusals": 0}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("pased=0.8", "did you mean passed"),
            ("passed", "write passed=0.8"),
            ("passed=high", "write passed=0.8"),
            ("passed=nan", "write passed=0.8"),
            ("", "did you mean"),
            ("passed=80", "write passed=0.8"),
            ("mrr_at_10=1.01", "write mrr_at_10=0.8"),
            ("passed=-1", "write passed=0.8"),
            ("total_p95=-1", "write total_p95=2"),
        ],
    )
    def test_refused(self, text: str, said: str):
        with pytest.raises(ConfigError, match=said):
            parse_floors([text])


class TestChoose:
    drafted = ACRES.model_copy(update={"id": "d", "tags": (DRAFT, "figure")})

    def test_by_tag_and_limit(self):
        cases = [ACRES, WEATHER, self.drafted]
        assert choose(cases) == [ACRES, WEATHER]
        assert choose(cases, ["figure"], None) == [ACRES]
        assert choose(cases, [DRAFT], None) == [self.drafted]
        assert choose(cases, [], 1) == [ACRES]
        several = [ACRES.model_copy(update={"id": str(place)}) for place in range(8)]
        assert [case.id for case in choose(several, every=3)] == ["0", "3", "6"]
        assert [case.id for case in choose(several, limit=2, every=3)] == ["0", "3"]

    def test_search_alone_leaves_refusals_out_before_it_counts(self):
        assert choose([WEATHER, ACRES], limit=1, retrieval_only=True) == [ACRES]
        with pytest.raises(QuestionError, match="no case to run"):
            choose([WEATHER], limit=1, retrieval_only=True)

    def test_nothing_left(self):
        with pytest.raises(QuestionError, match="figure"):
            choose([ACRES], ["nope"], None)
