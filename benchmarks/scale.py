"""How an index grows: build, search, memory, recall and one more page, up to a million passages.

    python benchmarks/scale.py [--corpus FOLDER] [--questions FILE.jsonl] [--sizes 10000 100000]
                               [--scratch FOLDER] [--out benchmarks/results/scale.json]

scratch: keeps what was embedded for the next run; some 15 GB are needed for a million.

Real passages do not go that far. The texts are sentences of the corpus in new combinations, and
the vectors are those of its passages with noise (see `scale_corpus`). Beyond 100,000 passages the
texts are copied, with ids, names and vectors of their own, and what is measured of the build is
the writing of segments, training included. Embedding and cutting are
measured on the real passages and multiplied: they would take hours, and scale linearly. All the
rest is what it is. Each measurement has a process of its own; files of the index may be in the
system's cache, as they are once a machine has been asked a few questions.

Beside the JSON file stands a picture of the same name, in SVG.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from scale_corpus import FIRST, Copies, Noisy, Recombined, make_corpus, page
from scale_plot import draw

from rag.config import Settings, load_settings
from rag.evaluate.machine import hardware, versions
from rag.index.approximate import Approximate
from rag.index.build import build
from rag.index.compact import joined
from rag.index.generation import Generation
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.index.words import Segmenter
from rag.index.write import write_generation, write_segment
from rag.ingest.chunk import passages, sentences
from rag.ingest.readers import corpus_files, read_issue, read_issues
from rag.models.encoder import SentenceEncoder, Vectors
from rag.retrieve.retriever import DEPTH
from rag.retrieve.search import Search
from rag.types import Filters, Manifest, SegmentUse

SAMPLES = Path(__file__).parent.parent / "corpus"
EMBEDDED = 4000
SENTENCES_ASKED = 200
PAGES, PAGE = 5, 5
"""Pages that are added, and the articles of each."""
TEN = 10
COPIED = 100_000
NOTE = (
    "texts: sentences of the corpus in new combinations, beyond 100,000 passages copies; "
    "vectors: those of its passages with noise; hours of embedding and cutting: measured on its "
    "passages, multiplied"
)


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it gives."""
    start = time.perf_counter()
    done = act()
    return time.perf_counter() - start, done


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": round(1000 * cuts[49], 1), "p95": round(1000 * cuts[94], 1)}


def memory() -> dict[str, float]:
    """GiB of this process: all that is resident, of that pages of mapped files; and the peak."""
    status = Path("/proc/self/status").read_text()
    kib = {name: int(n) for name, n in re.findall(r"(VmRSS|RssFile|VmHWM):\s+(\d+) kB", status)}
    names = {"resident": "VmRSS", "of mapped files": "RssFile", "peak": "VmHWM"}
    return {name: round(kib[key] / 2**20, 2) for name, key in names.items()}


def prepare(corpus: Path, questions: Path | None, scratch: Path) -> dict[str, Any]:
    """Embed and cut the real passages; what is made of them goes to `scratch`."""
    settings = load_settings(corpus=corpus)
    encoder = SentenceEncoder.open(settings)
    issues = [i for path in corpus_files(corpus) for i in read_issues(path, corpus)[0]]
    articles = [article for issue in issues for article in issue.articles]
    texts = [p.searchable for a in articles for p in passages(a)][:EMBEDDED]
    seconds, real = timed(lambda: encoder.encode_passages(texts))
    segmenter = Segmenter((), settings.cache_dir)
    cutting, _ = timed(lambda: [segmenter.tokens(text) for text in texts])
    held = [s.text for article in articles for s in sentences(article)]
    asked = random.Random(0).sample(held, min(len(held), SENTENCES_ASKED))
    if questions is not None:
        rows = map(json.loads, questions.read_text("utf-8").splitlines())
        asked = [row["question"] for row in rows]
    np.save(scratch / "real.npy", real)
    (scratch / "texts.json").write_text(json.dumps([encoder.name, held, asked]), "utf-8")
    return {
        "passages": len(texts),
        "sentences": len(held),
        "questions": len(asked),
        "embedded a second": round(len(texts) / seconds, 1),
        "cut a second": round(len(texts) / cutting, 1),
    }


def build_all(settings: Settings, scratch: Path, copies: int) -> dict[str, Any]:
    """The whole build, without embedding and cutting, and so many copies of what was built."""
    name, _held, _asked = json.loads((scratch / "texts.json").read_text("utf-8"))
    encoder = Noisy(name, np.load(scratch / "real.npy"))
    training: list[float] = []
    train = Approximate.train

    def measured(vectors: Vectors) -> Approximate:
        seconds, trained = timed(lambda: train(vectors))
        training.append(seconds)
        return trained

    with (
        patch("rag.index.build.Segmenter", Recombined),
        patch.object(Approximate, "train", measured),
    ):
        seconds, manifest = timed(lambda: build(settings, encoder))
        if copies:
            more, manifest = timed(lambda: copied(settings, encoder, copies))
            seconds += more
    return {
        "passages": manifest.passages,
        "articles": manifest.articles,
        "segments": len(manifest.segments),
        "build, s": round(seconds, 1),
        "of that training, s": round(sum(training), 1),
        "index, GiB": round(Store(settings.index).size(manifest) / 2**30, 2),
        "build, GiB": memory(),
    }


def copied(settings: Settings, encoder: Noisy, copies: int) -> Manifest:
    """The index with copies of its only segment, written as a build would."""
    store = Store(settings.index)
    base = store.open(store.current())
    made = Copies(base, settings.corpus, encoder)
    with store.lock():
        parts = (made.part(number) for number in range(1, copies + 1))
        written = [write_segment(store, part) for part in joined(parts)]
        times = copies + 1
        manifest = replace(
            base.manifest,
            issues=base.manifest.issues * times,
            articles=base.manifest.articles * times,
            passages=base.manifest.passages * times,
            segments=(*base.manifest.segments, *(SegmentUse(segment.id) for segment in written)),
        )
        sources = tuple(sorted(made.sources, key=lambda source: source.file))
        segmenter = Segmenter(made.terms, settings.cache_dir, made.terms)
        segments = (*base.segments, *written)
        generation = Generation(manifest, sources, segmenter.frequencies, segments)
        return write_generation(store, generation, segmenter)


def serve(settings: Settings, scratch: Path, numbers: range) -> dict[str, Any]:
    """Start, search, and add pages, in one process, as the chat does."""
    _name, held, asked = json.loads((scratch / "texts.json").read_text("utf-8"))
    encoder = SentenceEncoder.open(settings)
    before = memory()["resident"]
    store = Store(settings.index)
    seconds, snapshot = timed(lambda: store.load(settings.cache_dir, encoder.name))
    search = Search(snapshot, encoder, settings)
    found: dict[str, Any] = {"load, s": round(seconds, 2), "encoder alone, GiB": before}
    found |= asking(snapshot, search, encoder, asked)
    found["serve, GiB"] = memory()
    pages = []
    chance = random.Random(1)
    for number in numbers:
        path = settings.corpus / f"new{number}.jsonl"
        path.write_text(page(number, held, chance, PAGE), "utf-8")
        building, _ = timed(partial(build, settings, encoder, previous=search.snapshot))
        texts = [
            p.searchable for a in read_issue(path, settings.corpus).articles for p in passages(a)
        ]
        embedding, _ = timed(lambda texts=texts: encoder.encode_passages(texts))
        swap, search = timed(lambda before=search: swapped(store, before, encoder, settings))
        pages.append((building, embedding, swap))
    for i, step in enumerate(("build", "embedding alone", "swap")):
        found[f"a page: {step}, s"] = [round(page[i], 2) for page in pages]
    found["a page, GiB"] = memory()
    return found


def swapped(store: Store, before: Search, encoder: SentenceEncoder, settings: Settings) -> Search:
    """What answers from the newest generation, with the segments that were open before."""
    snapshot = store.load(settings.cache_dir, encoder.name, before.snapshot)
    return Search(snapshot, encoder, settings)


def asking(
    snapshot: Snapshot, search: Search, encoder: SentenceEncoder, asked: list[str]
) -> dict[str, Any]:
    """Milliseconds of each index and of both together, and the recall of the dense one."""
    queries = [encoder.encode_queries([question]) for question in asked]
    tokens = [snapshot.segmenter.tokens(question) for question in asked]
    lived = (snapshot.articles[-1].date - FIRST).days
    tenth = Filters(since=FIRST + timedelta(lived // 2), until=FIRST + timedelta(lived * 6 // 10))
    ways: dict[str, Callable[[int], Any]] = {
        "dense": lambda i: snapshot.dense.search(queries[i], DEPTH),
        "sparse": lambda i: snapshot.sparse.scores(tokens[i]),
        "hybrid": lambda i: search.search(asked[i], TEN),
        "hybrid in a tenth of the issues": lambda i: search.search(asked[i], TEN, tenth),
    }
    told = {}
    for way, act in ways.items():
        for i in range(20):  # the first ones bring pages in from the disk
            act(i)
        told[f"{way}, ms"] = percentiles([timed(partial(act, i))[0] for i in range(len(asked))])
    return told | {"recall at 10": recall(snapshot, queries)}


def recall(snapshot: Snapshot, queries: list[Vectors]) -> float:
    """Share of the ten best passages that the dense index finds."""
    worst = np.full((len(queries), TEN), -1, np.float32)
    for start in range(0, len(snapshot.dense), 1 << 15):
        rows = np.arange(start, min(start + (1 << 15), len(snapshot.dense)))
        products = np.concatenate(queries) @ snapshot.dense.vectors(rows).T
        worst = -np.partition(-np.hstack((worst, products)), TEN - 1)[:, :TEN]
    hits = 0
    for query, best in zip(queries, worst.min(axis=1), strict=True):
        own = snapshot.dense.scores(query, snapshot.dense.search(query, DEPTH)[:TEN])
        hits += int((own >= best - 1e-5).sum())
    return round(hits / (TEN * len(queries)), 4)


def apart(act: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """In a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(act, *arguments).result()


def measure(size: int, scratch: Path) -> dict[str, Any]:
    """All figures of an index of some `size` passages."""
    folder = scratch / str(size)
    folder.mkdir()
    settings = load_settings(corpus=folder / "corpus", index=folder / "index")
    _name, held, _asked = json.loads((scratch / "texts.json").read_text("utf-8"))
    make_corpus(settings.corpus, min(size, COPIED), held, random.Random(0))
    found = apart(build_all, settings, scratch, max(0, size // COPIED - 1))
    found |= apart(serve, settings, scratch, range(90_000, 90_000 + PAGES))
    cold = apart(serve, settings, scratch, range(95_000, 95_001))
    found["a page in a new process, s"] = cold["a page: build, s"][0]
    shutil.rmtree(folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=SAMPLES)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = args.scratch or Path(folder)
        prepared = scratch / "prepared.json"
        if not prepared.exists():
            facts = apart(prepare, args.corpus, args.questions, scratch)
            prepared.write_text(json.dumps(facts), "utf-8")
        real = json.loads(prepared.read_text("utf-8"))
        result: dict[str, Any] = {"machine": hardware(), "versions": versions(), "note": NOTE}
        result |= {"real": real, "sizes": []}
        for size in args.sizes:
            found = measure(size, scratch)
            for what, rate in (("embedding", "embedded"), ("cutting", "cut")):
                hours = found["passages"] / real[f"{rate} a second"] / 3600
                found[f"{what}, h (extrapolated)"] = round(hours, 2)
            result["sizes"].append(found)
            print(json.dumps(found, ensure_ascii=False, indent=1), flush=True)
            if args.out:
                args.out.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps(result, ensure_ascii=False, indent=1)
                args.out.write_text(text + "\n", "utf-8")
                draw(result, args.out.with_suffix(".svg"))


if __name__ == "__main__":
    main()
