"""`rag eval` from end to end with the real models and few cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.config import Settings
from rag.evaluate.cases import read_cases, write_cases
from rag.evaluate.kept import PARTIAL
from rag.evaluate.record import Selection
from rag.evaluate.report import read_report
from rag.index.build import build
from rag.models.encoder import SentenceEncoder
from tests.support.cases import ACRES, WEATHER, WRONG
from tests.support.command import run as run_command
from tests.support.tiny_corpus import write_tiny_corpus


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, real_encoder: SentenceEncoder) -> Settings:
    folder = tmp_path_factory.mktemp("evaluated")
    settings = Settings(corpus=write_tiny_corpus(folder / "corpus"), index=folder / "index")
    build(settings, real_encoder)
    return settings


class TestCommand:
    """`rag eval` from end to end with real models and few cases."""

    @pytest.fixture
    def evaluate(
        self,
        index: Settings,
        tmp_path: Path,
        opened_models: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Callable[..., int]:
        monkeypatch.chdir(tmp_path)
        places = ["--corpus", str(index.corpus), "--index", str(index.index)]
        write_cases([ACRES, WEATHER], tmp_path / "cases.yaml")
        write_cases([WEATHER], tmp_path / "refuse.yaml")
        return lambda *flags: run_command("eval", *flags, *places)

    def test_met_and_fell_short(
        self, evaluate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert evaluate("cases.yaml", "--fail-under", "passed=0.5") == 0
        assert {p.name for p in (tmp_path / "eval-report").iterdir()} == {
            "report.json",
            "report.html",
            "junit.xml",
            "summary.md",
        }
        assert "达到底线" in capsys.readouterr().out
        assert evaluate("cases.yaml", "--fail-under", "total_p95=0.000001") == 1
        out = capsys.readouterr().out
        assert "未达到底线" in out
        report = json.loads((tmp_path / "eval-report" / "report.json").read_text("utf-8"))
        assert report["against"]["cases"] == 2  # the run before, in the same folder

    def test_retrieval_only(self, evaluate: Callable[..., int], tmp_path: Path):
        assert evaluate("cases.yaml", "--retrieval-only", "--fail-under", "recall_at_1=1") == 0
        assert not (tmp_path / "eval-report" / PARTIAL).exists()

    def test_selection_is_recorded(self, evaluate: Callable[..., int], tmp_path: Path):
        flags = (
            "--retrieval-only",
            "--tag",
            "figure",
            "--tag",
            "x",
            "--limit",
            "1",
            "--every",
            "2",
        )
        assert evaluate("cases.yaml", *flags) == 0
        report = read_report(tmp_path / "eval-report")
        assert report.selection == Selection(limit=1, every=2, tags=("figure", "x"))
        assert report.retrieval_only and list(report.files) == ["cases.yaml"]

    @pytest.mark.long
    def test_only_runs_of_one_kind_are_compared(
        self, evaluate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert evaluate("cases.yaml", "--report", "answers", "--limit", "1") == 0
        assert evaluate("cases.yaml", "--retrieval-only", "--report", "answers") == 0
        assert read_report(tmp_path / "answers").against is None
        capsys.readouterr()
        assert evaluate("cases.yaml", "--against", "answers") == 2
        error = capsys.readouterr().err.strip()
        assert "answers" in error and "--retrieval-only" in error and "\n" not in error
        assert evaluate("cases.yaml", "--retrieval-only", "--against", "answers") == 0
        against = read_report(tmp_path / "eval-report").against
        assert against is not None and against.cases == 1

    def test_convert(
        self, evaluate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        write_cases([WRONG], tmp_path / "more.jsonl")
        capsys.readouterr()
        assert evaluate("cases.yaml", "more.jsonl", "--convert", "all.csv") == 0
        assert "3 cases" in capsys.readouterr().err
        assert read_cases([tmp_path / "all.csv"]) == [ACRES, WEATHER, WRONG]
        assert evaluate("more.jsonl", "--convert", "all.csv") == 2  # nothing is written over
        assert "is there already" in capsys.readouterr().err
        assert evaluate("more.jsonl", "--convert", "all.txt") == 2
        assert "unknown form" in capsys.readouterr().err
        assert evaluate("--convert", "none.csv") == 2
        assert "CASES" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("flags", "said"),
        [
            ((), "CASES"),
            ((), "--init"),
            (("refuse.yaml", "--retrieval-only", "--limit", "1"), "no case to run"),
            (("refuse.yaml", "--retrieval-only", "--fail-under", "passed=0.5"), "no case to run"),
            (("nowhere.yaml",), "nowhere.yaml"),
            (("cases.yaml", "--tag", "nope"), "no case to run"),
            (("cases.yaml", "--against", "nowhere"), "nowhere"),
            (("cases.yaml", "--fail-under", "pass=1"), "passed"),
        ],
    )
    def test_could_not_run(
        self,
        evaluate: Callable[..., int],
        flags: tuple[str, ...],
        said: str,
        capsys: pytest.CaptureFixture[str],
    ):
        capsys.readouterr()
        assert evaluate(*flags) == 2
        error = capsys.readouterr().err.strip()
        assert said in error and "\n" not in error

    def test_init_then_run_for_search(self, evaluate: Callable[..., int], tmp_path: Path):
        assert evaluate("mine.yaml", "--init") == 0
        assert "question:" in (tmp_path / "mine.yaml").read_text("utf-8")
        assert evaluate("mine.yaml", "--init") == 2  # nothing is written over
