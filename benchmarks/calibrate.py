"""Fit the built-in decision to refuse on several corpora at once.

    python benchmarks/calibrate.py OUT.json INDEX QUESTIONS.jsonl [INDEX QUESTIONS.jsonl]...

`rag calibrate` fits on one corpus; the defaults beside `rag/answer/abstain.py` come from the
news bench and the sample issues together. Greetings, questions about the corpus itself,
summaries and comparisons (by their tags) take no part: other rules answer those.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from rag.config import load_settings
from rag.evaluate.calibrate import COST, fit, measure, rates
from rag.evaluate.record import Case
from rag.progress import Bars
from rag.wiring import open_assistant

ELSEWHERE = {"chat", "corpus", "summary", "time", "compare", "several"}


def labelled(path: Path) -> list[Case]:
    """Cases, or the rows of the bench with their `answerable`."""
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [
        Case(
            id=row["id"],
            question=row["question"],
            history=row.get("history", ()),
            refuse=row.get("refuse", not row.get("answerable", True)),
        )
        for row in rows
        if not ELSEWHERE & set(row.get("tags", ()))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("pairs", type=Path, nargs="+")
    args = parser.parse_args()
    sets = []
    for index, questions in zip(args.pairs[::2], args.pairs[1::2], strict=True):
        assistant = open_assistant(load_settings(index=index), Bars())
        sets.append(measure(assistant, labelled(questions), Bars()))
    rows = [signals for found, _labels in sets for signals in found]
    labels = [label for _found, labels in sets for label in labels]
    model, unseen = fit(rows, labels)
    for questions, (found, known) in zip(args.pairs[1::2], sets, strict=True):
        refused = np.array([model.refuses(signals) for signals in found])
        print(questions.name, "fitted", rates(refused, np.array(known)))
    print("all, unseen", unseen)
    model.save(args.out, questions=len(labels), answerable=labels.count(True), cost=COST)


if __name__ == "__main__":
    main()
