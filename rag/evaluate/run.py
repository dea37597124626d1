"""Run cases against an index: each is searched for, answered and scored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from rag.answer.export import answer_to_dict
from rag.config import Settings
from rag.errors import QuestionError
from rag.evaluate.kept import Kept
from rag.evaluate.metrics import score_case
from rag.evaluate.record import Case, Found, Result
from rag.types import EVERYTHING, Answer, Filters, Hit, Manifest

DEPTH = 10
"""Passages kept of each case: what the retrieval metrics look at."""


class Searcher(Protocol):
    """What finds passages."""

    @property
    def settings(self) -> Settings:
        """Those that it runs with."""
        ...

    @property
    def manifest(self) -> Manifest:
        """The index that it reads."""
        ...

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        """The best passages, best first."""
        ...


class Answerer(Searcher, Protocol):
    """What answers questions as well."""

    @property
    def generator(self) -> str:
        """Which weights write."""
        ...

    def ask(
        self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> Answer:
        """One question, answered."""
        ...


def run(
    cases: Sequence[Case],
    searcher: Searcher,
    answerer: Answerer | None,
    folder: Path,
    watch: Callable[[int, int], None] = lambda _passed, _done: None,
) -> list[Result]:
    """The results of every case, in their order.

    answerer: None where only retrieval runs. folder: keeps what is done, so that an interrupted
    run goes on where it was. watch: told the number of passed and of finished cases after each.
    Raises ConfigError where the folder cannot be written.
    """
    generator = answerer.generator if answerer else ""
    results: list[Result] = []
    with Kept(folder, searcher.settings, searcher.manifest.version, generator) as kept:
        for case in cases:
            result = kept.get(case)
            if result is None:
                result = run_case(case, searcher, answerer)
                kept.add(result)
            results.append(result)
            watch(sum(r.passed for r in results), len(results))
    return results


def run_case(case: Case, searcher: Searcher, answerer: Answerer | None) -> Result:
    """Ask one case. One that cannot be asked at all (an overlong question) fails."""
    filters = Filters(**dict(case.filters))
    begun = time.perf_counter()
    try:
        hits = searcher.search(case.question, DEPTH, filters, case.history)
        seconds = {"retrieve": time.perf_counter() - begun}
        answer = None
        if answerer is not None:
            said = answerer.ask(case.question, case.history, filters)
            answer, seconds = answer_to_dict(said), _seconds(said)
    except QuestionError as error:
        return Result(case=case, answer=None, found=(), why=(str(error),), scores={})
    found = tuple(map(_found, hits))
    scores, why = score_case(case, answer, found)
    return Result(case=case, answer=answer, found=found, why=why, scores=scores, seconds=seconds)


def _seconds(answer: Answer) -> dict[str, float]:
    """Of the stages that ran, the others took no time: answers made from records retrieve
    nothing and write nothing, refusals before reading write nothing.
    """
    return {stage: round(s, 4) for stage, s in asdict(answer.timings).items() if s}


def _found(hit: Hit) -> Found:
    return Found(
        passage_id=hit.passage.id,
        article_id=hit.article.id,
        headline=hit.article.headline,
        issue=hit.article.issue_id,
        text=hit.passage.text,
        score=hit.score,
    )
