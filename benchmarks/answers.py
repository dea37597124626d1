"""The bars for answers, on labelled questions: right, refused, cited, supported, fast.

    python benchmarks/answers.py INDEX QUESTIONS.jsonl [--out benchmarks/results/answers.json]

A question is `{"id", "question", "answers": [...], "articles": [...]}` or `"answerable":
false`. `articles` are ids of the JSONL corpus that INDEX was built from, given by --articles.
Questions with an even number are for tuning; those with an odd one are reported beside them.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.answer.export import answer_to_dict
from rag.config import load_settings
from rag.evaluate.machine import describe_machine
from rag.evaluate.text_metrics import MARKER, figure_support
from rag.index.words import normalise
from rag.progress import Bars
from rag.types import Answer
from rag.wiring import open_assistant


def is_right(answer: Answer, row: dict[str, Any]) -> bool:
    """Whether the answer holds one of the expected strings, in normal form."""
    text = normalise(MARKER.sub("", answer.text))
    return any(normalise(expected) in text for expected in row["answers"])


def figure_counts(answer: Answer) -> tuple[int, int]:
    """Figures in the answer, and those of them that stand in what their sentence cites."""
    total, wrong = figure_support(answer_to_dict(answer))
    return total, total - len(wrong)


def bars(rows: Sequence[dict[str, Any]], answers: Sequence[Answer], texts: dict[str, str]) -> dict:
    """The table of one set of questions."""
    pairs = list(zip(rows, answers, strict=True))
    asked = [(row, answer) for row, answer in pairs if row.get("answers")]
    nowhere = [answer for row, answer in pairs if not row.get("answers")]
    right = [(row, answer) for row, answer in asked if is_right(answer, row)]
    cited = [
        any(texts[i].find(c.quote) >= 0 for i in row["articles"] for c in answer.citations)
        for row, answer in right
    ]
    counts = [figure_counts(answer) for answer in answers]
    seconds = [answer.timings.total for answer in answers]
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "answerable, unanswerable": [len(asked), len(nowhere)],
        "answer holds the expected string": ratio(len(right), len(asked)),
        "unanswerable refused": ratio(sum(a.refused for a in nowhere), len(nowhere)),
        "answerable refused": ratio(sum(a.refused for _row, a in asked), len(asked)),
        "figures in the cited sentence": ratio(
            sum(h for _t, h in counts), sum(t for t, _h in counts)
        ),
        "cited article is right": ratio(sum(cited), len(cited)),
        "whole answer, p50 and p95 seconds": [round(cuts[49], 2), round(cuts[94], 2)],
        "characters of an answer, median": statistics.median(
            len(MARKER.sub("", a.text)) for a in answers if not a.refused
        ),
    }


def ratio(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.questions.read_text("utf-8").splitlines()]
    articles = map(json.loads, args.articles.read_text("utf-8").splitlines())
    texts = {
        a["id"]: "\n".join(x.strip() for x in a["text"].splitlines() if x.strip()) for a in articles
    }
    assistant = open_assistant(load_settings(index=args.index), Bars())
    answers = []
    with Bars().task("回答问题", len(rows)) as advance:
        for row in rows:
            answers.append(assistant.ask(row["question"]))
            advance(1)
    report(rows, answers, texts, args.out)


def report(
    rows: Sequence[dict[str, Any]],
    answers: Sequence[Answer],
    texts: dict[str, str],
    out: Path | None,
) -> None:
    """Print the tables, and write them where told."""
    halves = {"all": (0, 1), "even": (0,), "odd": (1,)}
    tables = {}
    for name, kept in halves.items():
        chosen = [i for i, row in enumerate(rows) if int(row["id"][1:]) % 2 in kept]
        tables[name] = bars([rows[i] for i in chosen], [answers[i] for i in chosen], texts)
    for key in tables["all"]:
        print(f"{key:38}", *(f"{name} {tables[name][key]}" for name in tables), sep="  ")
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        result = {"machine": describe_machine(), "generator": answers[0].generator, **tables}
        out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
