"""Evaluations from the page: a file of cases, and one run at a time over the chat's assistant.

A run has a thread of its own and asks case by case; the generator takes turns, so questions of
the chat are answered in between.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.errors import QuestionError, RagError
from rag.evaluate.cases import SUFFIXES, read_cases
from rag.evaluate.command import choose
from rag.evaluate.gather import gather
from rag.evaluate.kept import forget
from rag.evaluate.plots import latency_histogram, refusal_curve, tag_bars
from rag.evaluate.record import Case, Report, Selection
from rag.evaluate.report import read_report, write_report
from rag.evaluate.rows import legal
from rag.evaluate.run import run
from rag.web.backend import Backend

logger = logging.getLogger(__name__)

LARGEST = 2 * 2**20
"""Bytes of a file of cases that is taken from a visitor."""
BROKEN = "出了意外，评测没有做完；请再开始一次，若仍不行请查看服务的日志。"

Status = Literal["running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of cases that was read. name: without its folder. sha256: of its bytes."""

    name: str
    sha256: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run. folder: holds the written report. pictures: title to SVG, or ""."""

    report: Report
    folder: Path
    pictures: tuple[tuple[str, str], ...]


def case_files(folder: Path) -> list[str]:
    """The names of the case files right in the folder; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES
        and not path.name.startswith(".")
        and path.name == legal(path.name)  # a name that is not UTF-8 cannot be sent to a page
        and path.is_file()
    )


def open_case_file(folder: Path, name: str) -> CaseFile:
    """One of `case_files`. Raises QuestionError where it is none or cannot be read."""
    if name not in case_files(folder):
        raise QuestionError(f"no case file {name} in {folder}; choose another")
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise QuestionError(f"{name} cannot be read ({error.strerror}); check it") from error
    return read_case_file(name, data)


def read_case_file(name: str, data: bytes) -> CaseFile:
    """A file of cases by its name, whose ending says the form, and its bytes.

    Raises QuestionError with file, line and field; the file goes by its name alone.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise QuestionError(f"{name}: unknown form; give a .yaml, .jsonl or .csv file")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cases{suffix}"
        path.write_bytes(data)
        try:
            cases = read_cases([path])
        except QuestionError as error:
            raise QuestionError(str(error).replace(str(path), name)) from error
    return CaseFile(name, hashlib.sha256(data).hexdigest(), tuple(cases))


class Run:
    """One evaluation: told by its thread, looked at and stopped by others."""

    def __init__(
        self, file: CaseFile, cases: Sequence[Case], limit: int | None, retrieval_only: bool
    ) -> None:
        self.file = file
        self.limit = limit
        self.cases = tuple(cases)
        self.retrieval_only = retrieval_only
        self.passed = self.done = 0
        self.status: Status = "running"
        self.problem = ""
        self.outcome: Outcome | None = None
        self.stopping = threading.Event()
        self._changed = threading.Condition()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.status != "running"

    def stop(self) -> None:
        """Ask it to end after the current case; what is done is kept."""
        self.stopping.set()
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Return once there is something new to draw, or after `seconds`."""
        with self._changed:
            if not self.over:
                self._changed.wait(seconds)

    def tell(self, passed: int, done: int) -> None:
        """Note a finished case. Raises `Stopped` where no other is to be begun."""
        with self._changed:
            self.passed, self.done = passed, done
            self._changed.notify_all()
        if self.stopping.is_set() and done < len(self.cases):
            raise Stopped

    def end(self, status: Status, problem: str = "", outcome: Outcome | None = None) -> None:
        """End it; has no effect on one that is over."""
        with self._changed:
            if not self.over:
                self.problem, self.outcome, self.status = problem, outcome, status
            self._changed.notify_all()


class Stopped(Exception):
    """The run was asked to end."""


class Evaluations:
    """The runs over one assistant, for all visitors: one at a time."""

    def __init__(self, assistant: Backend) -> None:
        self._assistant = assistant
        self._turn = threading.Lock()
        self.current: Run | None = None

    def begin(self, file: CaseFile, limit: int | None, retrieval_only: bool) -> Run | None:
        """Begin a run of the first `limit` cases; None while another one is under way.

        Raises QuestionError where no case is left.
        """
        cases = choose(file.cases, (), limit, retrieval_only)
        with self._turn:
            if self.current is not None and not self.current.over:
                return None
            begun = self.current = Run(file, cases, limit, retrieval_only)
        threading.Thread(target=self._work, args=(begun,), name="evaluation", daemon=True).start()
        return begun

    def _work(self, run: Run) -> None:
        try:
            run.end("done", outcome=self._evaluate(run))
        except Stopped:
            run.end("stopped")
        except RagError as error:
            run.end("failed", str(error))
        finally:
            run.end("failed", BROKEN)  # has an effect only where a bug ended it

    def _evaluate(self, asked: Run) -> Outcome:
        """Run, compare with the last report of this file and write the new one in its place."""
        searcher = self._assistant.now
        answerer = None if asked.retrieval_only else searcher
        root = searcher.settings.cache_dir / "evaluations" / asked.file.sha256[:16]
        folder = root / ("answers" if answerer else "retrieval")
        before = _last_report(folder)
        results = run(asked.cases, searcher, answerer, folder, asked.tell)
        files = {asked.file.name: asked.file.sha256}
        generator = answerer.generator if answerer else ""
        selection = Selection(limit=asked.limit)
        report = gather(results, searcher, generator, files, {}, before, selection)
        write_report(report, folder)
        forget(folder)
        # drawn here, where no other run draws: matplotlib's settings are the whole process's
        pictures = (
            ("各标签的通过率（细线是 95 % 区间）", tag_bars(report)),
            ("拒答：准确率与召回率（点旁是阈值）", refusal_curve(report)),
            ("用时（横轴是秒，纵轴是题数；实线是中位，虚线是 95 %）", latency_histogram(report)),
        )
        return Outcome(report, folder, pictures)


def _last_report(folder: Path) -> Report | None:
    try:
        return read_report(folder)
    except QuestionError as error:
        logger.info("nothing to compare with: %s", error)
        return None
