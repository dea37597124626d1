"""Fit the decision to refuse on labelled questions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answer.abstain import Abstainer, Signals, fit
from rag.answer.assistant import Assistant
from rag.errors import QuestionError
from rag.progress import Progress

FALSE_REFUSALS = 0.05
"""Share of the answerable questions that the threshold gives up, to refuse the others."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and whether the corpus answers it."""

    question: str
    history: tuple[str, ...]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Refusals:
    """How well refusing went: of the refused, the rightly refused; of those to refuse, the
    refused; and the answerable refused by mistake. Shares, 0 to 1.
    """

    precision: float
    recall: float
    false: float


def read_labelled(path: Path) -> list[Labelled]:
    """Lines of `{"question", "history"?, "answerable"?}`; answerable unless it says false.

    Raises QuestionError naming the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"{path} cannot be read ({error}); give a UTF-8 JSONL file") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            history = tuple(row.get("history") or ())
            question = row["question"]
            if not isinstance(question, str) or not all(isinstance(h, str) for h in history):
                raise TypeError("not a text")
            rows.append(Labelled(question, history, bool(row.get("answerable", True))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QuestionError(
                f'{path} line {number}: write {{"question": ..., "answerable": true or false}}'
            ) from error
    return rows


def measure(
    assistant: Assistant, rows: Sequence[Labelled], progress: Progress
) -> tuple[list[Signals], list[bool]]:
    """The signals and the label of every question that has evidence at all."""
    found: list[Signals] = []
    labels: list[bool] = []
    with progress.task("测量问题", len(rows)) as advance:
        for row in rows:
            signals = assistant.signals(row.question, row.history)
            if signals is not None:
                found.append(signals)
                labels.append(row.answerable)
            advance(1)
    return found, labels


def refusals(model: Abstainer, found: Sequence[Signals], labels: Sequence[bool]) -> Refusals:
    """Precision, recall and false refusals of a model on labelled signals."""
    refused = [model.refuses(signals) for signals in found]
    right = sum(r and not yes for r, yes in zip(refused, labels, strict=True))
    wrong = sum(r and yes for r, yes in zip(refused, labels, strict=True))
    unanswerable, answerable = labels.count(False), labels.count(True)
    return Refusals(
        right / sum(refused) if any(refused) else 1.0,
        right / unanswerable if unanswerable else 1.0,
        wrong / answerable if answerable else 0.0,
    )


def held_out(found: Sequence[Signals], labels: Sequence[bool], share: float) -> Refusals:
    """Fitted on every other question, measured on those between, and the other way round."""
    parts = []
    for half in (0, 1):
        train = [i for i in range(len(labels)) if i % 2 == half]
        test = [i for i in range(len(labels)) if i % 2 != half]
        model = fit([found[i] for i in train], [labels[i] for i in train], share)
        parts.append(refusals(model, [found[i] for i in test], [labels[i] for i in test]))
    return Refusals(
        *(sum(getattr(p, name) for p in parts) / 2 for name in ("precision", "recall", "false"))
    )
