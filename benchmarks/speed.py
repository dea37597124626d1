"""How fast and how large: build, search, answer, start, memory.

    python benchmarks/speed.py CORPUS QUESTIONS.jsonl [--questions 40] [--passages 1500]
                               [--out benchmarks/results/speed.json]

Build throughput is compared with bare `SentenceTransformer.encode` over the same texts in the
same process, in turns, as a ratio: times on a shared machine are noisy, ratios less so. Starts
are whole processes: `rag ask` on a corpus that is already indexed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rag.answer.assistant import Assistant
from rag.config import Settings, load_settings
from rag.evaluate.machine import describe_machine
from rag.index.build import build
from rag.index.store import Store
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.retrieve.search import Search


def percentiles(values: list[float]) -> dict[str, float]:
    """p50 and p95, three decimals."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3), "n": len(values)}


def build_rate(encoder: SentenceEncoder, texts: list[str]) -> dict[str, float]:
    """Passages a second of our encoder and of the bare model, in turns; the median ratio."""
    bare = encoder._model
    rates: list[tuple[float, float]] = []
    part = len(texts) // 3
    for turn in range(3):
        chunk = texts[turn * part : (turn + 1) * part]
        start = time.perf_counter()
        encoder.encode_passages(chunk)
        ours = time.perf_counter() - start
        start = time.perf_counter()
        bare.encode(chunk, prompt="passage: ", batch_size=32, show_progress_bar=False)
        rates.append((part / ours, part / (time.perf_counter() - start)))
    return {
        "ours": round(statistics.median(a for a, _ in rates), 1),
        "bare": round(statistics.median(b for _, b in rates), 1),
        "ratio": round(statistics.median(a / b for a, b in rates), 3),
    }


def whole_build(settings: Settings, encoder: SentenceEncoder) -> dict[str, float]:
    """Seconds of a whole build (reading, cutting, embedding, writing) and passages a second."""
    start = time.perf_counter()
    passages = build(settings, encoder).passages
    seconds = time.perf_counter() - start
    return {
        "passages": passages,
        "seconds": round(seconds, 1),
        "rate": round(passages / seconds, 1),
    }


def start_seconds(settings: Settings, question: str) -> float:
    """A whole `rag ask` process, from launch to exit."""
    start = time.perf_counter()
    command = [sys.executable, "-c", "from rag.cli import main; main()", "ask", question]
    subprocess.run([*command, "--index", str(settings.index)], check=True, capture_output=True)
    return round(time.perf_counter() - start, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--questions-taken", type=int, default=40)
    parser.add_argument("--passages", type=int, default=1500)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.questions.read_text("utf-8").splitlines()]
    questions = [row["question"] for row in rows][: args.questions_taken]
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(corpus=args.corpus, index=Path(folder) / "index")
        encoder = SentenceEncoder.open(settings)
        result: dict[str, object] = {"machine": describe_machine()}
        result["build"] = whole_build(settings, encoder)
        snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
        texts = [p.searchable for p in snapshot.passages][: args.passages]
        result["encode, passages a second"] = build_rate(encoder, texts)
        generator = TransformersGenerator.open(settings)
        assistant = Assistant(Search(snapshot, encoder, settings), generator)
        assistant.ask(questions[0])
        search = []
        for question in questions:
            start = time.perf_counter()
            assistant.search(question, 10)
            search.append(time.perf_counter() - start)
        result["search, seconds"] = percentiles(search)
        answers = [assistant.ask(question) for question in questions]
        first = [a.timings.first_token for a in answers if a.timings.first_token is not None]
        result["first token, seconds"] = percentiles(first)
        result["whole answer, seconds"] = percentiles([a.timings.total for a in answers])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        result["peak memory, GiB"] = round(peak, 2)
        result["whole process of one question, seconds"] = start_seconds(settings, questions[0])
    text = json.dumps(result, ensure_ascii=False, indent=1)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
