"""Compare ways to fuse BM25 and the encoder on labelled questions.

    python benchmarks/retrieval.py INDEX QUESTIONS.jsonl [--out benchmarks/results/retrieval.json]

INDEX is an index built over the questions' articles; a question is `{"id", "question",
"answers": [...]}`. A passage counts when it holds one of the answers. Questions with an even
number are for tuning, those with an odd one are reported beside them.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rag.config import load_settings
from rag.evaluate.machine import describe_machine
from rag.index.snapshot import Candidates
from rag.index.store import Store
from rag.index.words import normalise
from rag.models.encoder import SentenceEncoder
from rag.retrieve.fuse import fuse
from rag.retrieve.retriever import DEPTH

Score = Callable[[Candidates], np.ndarray]


def rrf(found: Candidates) -> np.ndarray:
    """Reciprocal rank fusion, k = 60 (Cormack, Clarke and Buettcher, 2009)."""
    ranks = [np.argsort(np.argsort(-scores)) + 1 for scores in (found.sparse, found.dense)]
    return sum(1 / (60 + rank) for rank in ranks)


def ways() -> dict[str, Score]:
    chosen: dict[str, Score] = {
        "BM25": lambda found: found.sparse,
        "dense": lambda found: found.dense,
        "RRF k=60": rrf,
    }
    for tenths in range(3, 10):
        weight = tenths / 10
        chosen[f"min-max {weight:.1f} BM25"] = lambda found, w=weight: fuse(
            found.sparse, found.dense, w
        )
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    settings = load_settings(index=args.index)
    encoder = SentenceEncoder.open(settings)
    snapshot = Store(args.index).load(settings.cache_dir, encoder.name)
    rows = [json.loads(line) for line in args.questions.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row.get("answers")]
    texts = [normalise(p.text) for p in snapshot.passages]
    ranks: dict[str, list[int]] = {name: [] for name in ways()}
    seconds = []
    for row in rows:
        start = time.perf_counter()
        query = encoder.encode_queries([row["question"]])
        tokens = snapshot.segmenter.tokens(row["question"])
        found = snapshot.candidates(query, tokens, DEPTH)
        fuse(found.sparse, found.dense, settings.sparse_weight)
        seconds.append(time.perf_counter() - start)
        answers = [normalise(answer) for answer in row["answers"]]
        for name, score in ways().items():
            order = found.rows[np.argsort(-score(found), kind="stable")[:10]]
            held = (i for i, r in enumerate(order, 1) if any(a in texts[r] for a in answers))
            ranks[name].append(next(held, 0))
    odd = np.array([int(re.findall(r"\d+", row["id"])[0]) % 2 == 1 for row in rows])
    table = {}
    for name, found_at in ranks.items():
        at = np.array(found_at)
        table[name] = {
            half: {
                "questions": int(mask.sum()),
                "in top 3": round(float(((at[mask] > 0) & (at[mask] <= 3)).mean()), 3),
                "in top 5": round(float(((at[mask] > 0) & (at[mask] <= 5)).mean()), 3),
                "MRR@10": round(
                    float(np.where(at[mask] > 0, 1 / np.maximum(at[mask], 1), 0).mean()), 3
                ),
            }
            for half, mask in (("all", odd | ~odd), ("even", ~odd), ("odd", odd))
        }
        print(f"{name:18}", *(f"{h}: {v}" for h, v in table[name].items()), sep="  ")
    latency = {f"p{q}": round(float(np.percentile(seconds, q)) * 1000, 1) for q in (50, 95)}
    print("milliseconds a search:", latency)
    if args.out:
        result = {"machine": describe_machine(), "passages": len(texts), "ways": table}
        result["milliseconds"] = latency
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
