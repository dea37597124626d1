"""What it costs to add one page to a large index, against embedding that page alone.

    python benchmarks/incremental.py [--passages 10000] [--out benchmarks/results/incremental.json]

The corpus is made of the sentences of the sample issues in new combinations. The vectors of its
passages are those of the sample passages with noise (embedding them would take minutes and tell
nothing here); the pages that are added are embedded by the bundled encoder. Adding a page and
embedding its passages alone are timed in turns, as a ratio: times on a shared machine are noisy.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.config import Settings, load_settings
from rag.evaluate.machine import describe_machine
from rag.index.build import build, dry_run
from rag.index.store import Store
from rag.ingest.chunk import passages, sentences
from rag.ingest.readers import corpus_files, read_issue
from rag.models.encoder import SentenceEncoder, Vectors
from rag.progress import Advance
from rag.retrieve.search import Search

SAMPLES = Path(__file__).parent.parent / "corpus"
NOISE = 0.2


class Noisy:
    """Vectors of real passages with noise, under the name of their encoder."""

    def __init__(self, encoder: SentenceEncoder, real: Vectors) -> None:
        self.name, self.dimensions, self._real = encoder.name, encoder.dimensions, real
        self._random = np.random.default_rng(0)

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """float32 [n, d], unit rows, whatever the texts."""
        rows = self._real[self._random.integers(0, len(self._real), len(texts))]
        rows = rows + NOISE * self._random.normal(size=rows.shape) / np.sqrt(self.dimensions)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    encode_queries = encode_passages


def page(number: int, held: list[str], chance: random.Random) -> str:
    """Three articles of new combinations of sentences; each names a park of its own."""
    articles = (
        f"# 第{number}期第{part}篇\n\n◎本报记者 甘棠\n\n第{number}区引进“{number}号产线{part}型”。"
        + "".join(chance.choices(held, k=25))
        for part in range(3)
    )
    return "\n\n".join(articles) + "\n"


def make_corpus(folder: Path, wanted: int, held: list[str], chance: random.Random) -> None:
    """Pages until they hold about as many passages as wanted."""
    folder.mkdir()
    count = 0
    for number in range(wanted):
        path = folder / f"p{number:05}.md"
        path.write_text(page(number, held, chance), "utf-8")
        count += sum(len(passages(a)) for a in read_issue(path, folder).articles)
        if count >= wanted:
            return


def add_page(
    settings: Settings, encoder: SentenceEncoder, name: str, text: str
) -> dict[str, float]:
    """Seconds of the build that takes a page in, and of embedding its passages alone."""
    (settings.corpus / name).write_text(text, "utf-8")
    plan = dry_run(settings, encoder)
    texts = [passage.searchable for passage in plan.to_embed.values()]
    start = time.perf_counter()
    encoder.encode_passages(texts)
    alone = time.perf_counter() - start
    start = time.perf_counter()
    build(settings, encoder)
    added = time.perf_counter() - start
    return {
        "passages": len(texts),
        "cut": len(plan.to_cut),
        "alone": round(alone, 3),
        "added": round(added, 3),
        "ratio": round(added / alone, 3),
        "above 1.5 times alone": round(added - 1.5 * alone, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    chance = random.Random(0)
    articles = [a for path in corpus_files(SAMPLES) for a in read_issue(path, SAMPLES).articles]
    held = [s.text for article in articles for s in sentences(article)]
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder) / "corpus", Path(folder) / "index"
        settings = load_settings(corpus=corpus, index=index)
        encoder = SentenceEncoder.open(settings)
        real = encoder.encode_passages([p.searchable for a in articles for p in passages(a)])
        make_corpus(corpus, args.passages, held, chance)
        start = time.perf_counter()
        manifest = build(settings, Noisy(encoder, real))
        result: dict[str, object] = {"machine": describe_machine(), "passages": manifest.passages}
        result["first build without embedding, seconds"] = round(time.perf_counter() - start, 2)
        pages = [
            add_page(settings, encoder, f"new{n:03}.md", page(100_000 + n, held, chance))
            for n in range(args.pages)
        ]
        result["pages"] = pages
        for kind in ("alone", "added", "ratio", "above 1.5 times alone"):
            result[f"{kind}, median"] = round(statistics.median(p[kind] for p in pages), 3)
        start = time.perf_counter()
        snapshot = Store(index).load(settings.cache_dir, encoder.name)
        result["load, seconds"] = round(time.perf_counter() - start, 3)
        start = time.perf_counter()
        Store(index).load(settings.cache_dir, encoder.name, snapshot)
        result["load with the segments at hand, seconds"] = round(time.perf_counter() - start, 3)
        seconds = []
        search = Search(snapshot, encoder, settings)
        for question in chance.sample(held, 40):
            start = time.perf_counter()
            search.search(question, 10)
            seconds.append(time.perf_counter() - start)
        result["search, median seconds"] = round(statistics.median(seconds), 4)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
