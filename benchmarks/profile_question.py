"""CPU-seconds of one question by part, from the request of a page to its last byte.

    python benchmarks/profile_question.py [--corpus corpus] [--cases tests/qa] [--questions 20]
                                          [--out benchmarks/results/profile_question.json]

The chat is served in this process and asked by a page in headless Chromium, driven from a
process of its own, one question at a time: this process's CPU time belongs to that question. It
includes what the page fetches once the answer stands. Each part counts without the parts inside
it; what is left over is the server's. Needs the extra `test` and Chromium.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from inspect import isgenerator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rag.answer.assistant import Assistant
from rag.answer.compose import Composer
from rag.config import load_settings
from rag.evaluate.cases import read_cases
from rag.evaluate.machine import describe_machine
from rag.index.build import build
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.retrieve.retriever import Retriever
from rag.retrieve.search import Search
from rag.web.server import PageServer, listen

GENERATOR, SCORING = "generator", "scoring of sentences"
SERVER = "server: HTTP, Gradio, drawing"
FOLLOWING = "questions to ask next"
QUIET = 0.15
"""CPU-seconds in a second that the server may spend while nobody asks."""
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
PARTS: tuple[tuple[type, str, str], ...] = (
    (Search, "standalone", "reading the question: follow-up"),
    (Assistant, "_from_records", "reading the question: the paper's records"),
    (Assistant, "_parts", "reading the question: several in one"),
    (SentenceEncoder, "encode_queries", "encoding the question"),
    (Retriever, "evidence", "retrieval: fusion, reprints, coverage"),
    (Snapshot, "candidates", "retrieval: FAISS and BM25"),
    (TransformersGenerator, "stream", GENERATOR),
    (Composer, "compose", SCORING),
    (SentenceEncoder, "encode_passages", SCORING),
    (Assistant, "_answer", "the answer's record"),
    (Assistant, "related", FOLLOWING),
)


class Clock:
    """CPU-seconds of this process by part; a part inside another counts for itself alone."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.open: list[str] = []
        self._since = time.process_time()

    def reset(self) -> None:
        """Begin a question."""
        self.spent, self.open = {}, []
        self._since = time.process_time()

    def lap(self) -> None:
        """Give what was spent since the last lap to the innermost part."""
        now = time.process_time()
        part = self.open[-1] if self.open else SERVER
        self.spent[part] = self.spent.get(part, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def inside(self, part: str) -> Iterator[None]:
        """What is spent in the block is the part's."""
        self.lap()
        self.open.append(part)
        try:
            yield
        finally:
            self.lap()
            self.open.pop()


def watch(clock: Clock, owner: type, name: str, part: str) -> None:
    """Let a method tell the clock when it runs; a generator function, while it is advanced."""
    method: Callable[..., Any] = getattr(owner, name)

    def advanced(steps: Generator[Any, None, Any]) -> Generator[Any, None, Any]:
        try:
            while True:
                with clock.inside(part):
                    try:
                        item = next(steps)
                    except StopIteration as end:
                        return end.value
                yield item
        finally:
            steps.close()

    def watched(*args: Any, **named: Any) -> Any:  # noqa: ANN401  # any method
        with clock.inside(FOLLOWING if FOLLOWING in clock.open else part):
            result = method(*args, **named)
        return advanced(result) if isgenerator(result) else result

    setattr(owner, name, watched)


def drive(url: str, questions: Connection) -> None:
    """Ask what comes in, in one page; say so once each answer stands. Ends with an empty one."""
    from playwright.sync_api import expect, sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(locale="zh-CN")
        page.goto(url)
        expect(page.locator(".examples button").first).to_be_visible(timeout=60_000)
        while question := questions.recv():
            page.locator("#box textarea").fill(question)
            page.keyboard.press("Enter")
            asked = page.locator("#live .turn", has=page.get_by_text(question, exact=True))
            expect(asked.locator(".timings")).to_be_visible(timeout=600_000)
            questions.send(question)
        browser.close()


def settle() -> None:
    """Until this process has nothing more to do."""
    spent = -1.0
    while time.process_time() - spent > QUIET:
        spent = time.process_time()
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--cases", type=Path, default=Path("tests/qa"))
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    cases = [case for case in read_cases([args.cases]) if not case.history]
    questions = [case.question for case in cases[:: len(cases) // args.questions]]
    questions = questions[: args.questions]
    clock, rows = Clock(), list[dict[str, float]]()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            corpus=args.corpus, index=Path(folder) / "index", questions_a_minute=0
        )
        encoder = SentenceEncoder.open(settings)
        build(settings, encoder)
        snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
        assistant = Assistant(
            Search(snapshot, encoder, settings), TransformersGenerator.open(settings)
        )
        for owner, name, part in PARTS:
            watch(clock, owner, name, part)
        bound = listen("127.0.0.1", 0)
        server = PageServer(assistant)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        here, there = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        page = spawn.Process(target=drive, args=(url, there), daemon=True)
        page.start()
        # the first opens what later ones find open: it is not counted
        for question in [questions[-1], *questions]:
            settle()
            clock.reset()
            here.send(question)
            here.recv()
            settle()
            clock.lap()
            rows.append(clock.spent)
            print(f"{question}: {clock.spent}", file=sys.stderr)
        here.send("")
        page.join(30)
        server.should_exit = True
        thread.join(10)
    del rows[0]
    parts = list(dict.fromkeys([*(part for _, _, part in PARTS), SERVER]))
    medians = {part: statistics.median(row.get(part, 0.0) for row in rows) for part in parts}
    rest = [
        sum(spent for part, spent in row.items() if part not in (GENERATOR, SCORING))
        for row in rows
    ]
    result = {
        "machine": describe_machine(),
        "questions": len(rows),
        "CPU-seconds, median": {part: round(medians[part], 3) for part in parts},
        "neither generator nor scoring, median": round(statistics.median(rest), 3),
        "neither generator nor scoring, most": round(max(rest), 3),
    }
    text = json.dumps(result, ensure_ascii=False, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
