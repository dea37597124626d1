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

from rag.answer.abstain import fit
from rag.answer.assistant import Assistant
from rag.config import load_settings
from rag.evaluate.calibrate import Labelled, held_out, measure, refusals
from rag.progress import Bars

ELSEWHERE = {"chat", "corpus", "summary", "time", "compare", "several"}
FALSE_REFUSALS = 0.18
"""Of all answerable questions together; 0.05 of those of the bench, whose wording is the text's."""


def labelled(path: Path) -> list[Labelled]:
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [
        Labelled(row["question"], tuple(row.get("history") or ()), row.get("answerable", True))
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
        assistant = Assistant.open(load_settings(index=index), Bars())
        sets.append(measure(assistant, labelled(questions), Bars()))
    rows = [signals for found, _labels in sets for signals in found]
    labels = [label for _found, labels in sets for label in labels]
    model = fit(rows, labels, FALSE_REFUSALS)
    for questions, (found, known) in zip(args.pairs[1::2], sets, strict=True):
        print(questions.name, "fitted", refusals(model, found, known))
    print("all, held out", held_out(rows, labels, FALSE_REFUSALS))
    model.save(
        args.out,
        questions=len(labels),
        answerable=labels.count(True),
        false_refusals=FALSE_REFUSALS,
    )


if __name__ == "__main__":
    main()
