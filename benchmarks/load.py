"""Many people at once while the index is rebuilt under them: errors, times, mixed generations.

    python benchmarks/load.py [--searches 500] [--answers 50] [--people 16]
                              [--out benchmarks/results/load.json]

Starts `rag chat` over a copy of the sample corpus and asks its endpoints over HTTP. Meanwhile
pages are added and one page is rewritten again and again, so that its article is another one in
each generation; the chat takes them in by itself, and by turns `rag build` does in a process of
its own. An answer is mixed where it names an article that its `index_version` does not hold,
a search where no single generation holds all that it found. Exits with 1 for an error, a mixed
answer, or where all was answered from one generation.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import httpx

from rag.errors import StoreError
from rag.evaluate.machine import describe_machine
from rag.index.generation import winners
from rag.index.store import Store

ROOT = Path(__file__).parent.parent
RAG = [sys.executable, "-c", "from rag.cli import main; main()"]
LIVE_PAGE = "2024-11-01-live"
LIVE = "白石湾园区最新一期入驻了多少家企业？"
START, TAKEN = 600, 60
"""Seconds within which the chat starts, and within which it takes a page in."""

Row = dict[str, Any]


class CallFailed(Exception):
    """The server answered a call with an error."""


@dataclass
class Record:
    """What came of the calls to one endpoint."""

    seconds: list[float] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def figures(self, seconds: float) -> Row:
        """Times of a call in seconds, and calls a second over all."""
        cuts = statistics.quantiles(self.seconds, n=100, method="inclusive")
        return {
            "n": len(self.seconds),
            "errors": dict(self.errors),
            **{f"p{at}": round(cuts[at - 1], 3) for at in (50, 95, 99)},
            "per second": round(len(self.seconds) / seconds, 2),
        }


class Index:
    """The generations that were seen, and the articles that each of them holds."""

    def __init__(self, folder: Path) -> None:
        self.held: dict[str, frozenset[str]] = {}
        self._store = Store(folder)

    def look(self) -> None:
        """Note what is new; a generation that is being written or removed is passed over."""
        for name in self._store.names():
            if name in self.held:
                continue
            try:
                manifest = self._store.manifest(name)
                self.held[manifest.version] = frozenset(winners(self._store.sources(manifest)))
            except (StoreError, OSError):
                continue

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(0.2)

    def mixed_answers(self, rows: Sequence[Row]) -> int:
        """Answers with an article that their generation lacks."""
        return sum(
            not _articles(row, "citations", "evidence", "older")
            <= self.held.get(row["index_version"], frozenset())
            for row in rows
        )

    def mixed_searches(self, found: Sequence[list[Row]]) -> int:
        """Lists of hits that no generation holds whole."""
        lists = ({hit["article_id"] for hit in hits} for hits in found)
        return sum(not any(ids <= held for held in self.held.values()) for ids in lists)


def quotes_live(row: Row) -> bool:
    """Whether an answer rests on the page that is rewritten: where mixing would show."""
    return any(one["issue"] == LIVE_PAGE for one in row["citations"])


def _articles(row: Row, *kinds: str) -> set[str]:
    return {one["article_id"] for kind in kinds for one in row[kind]}


class Feeder:
    """Changes the corpus, round after round."""

    def __init__(self, corpus: Path, index: Path) -> None:
        self._corpus, self._index = corpus, index
        self.rounds: Counter[str] = Counter()

    def write(self, number: int) -> None:
        """A new page, and the living page with another figure."""
        (self._corpus / f"2024-10-{number % 28 + 1:02}-new{number:03}.md").write_text(
            f"# 第{number}号产线在青石园区投产\n\n◎本报记者 甘棠\n\n"
            f"青石园区的第{number}号产线投产，一年可做{number * 3 + 40}万件。\n",
            "utf-8",
        )
        (self._corpus / f"{LIVE_PAGE}.md").write_text(
            f"# 白石湾园区迎来第{number + 100}家企业\n\n◎本报记者 桑榆\n\n"
            f"白石湾园区入驻了{number + 100}家企业，总投资{number + 7}亿元。\n",
            "utf-8",
        )

    async def run(self) -> None:
        """By turns the chat alone takes a round in, and `rag build` in another process too."""
        store = Store(self._index)
        for number in count(1):
            before = store.in_use()
            self.write(number)
            if number % 2:
                await self._build()
            for _ in range(TAKEN * 4):
                if store.in_use() != before:
                    break
                await asyncio.sleep(0.25)
            else:
                self.rounds["not taken in"] += 1
            self.rounds["all"] += 1
            await asyncio.sleep(1)

    async def _build(self) -> None:
        folders = ("--corpus", str(self._corpus), "--index", str(self._index))
        build = await asyncio.create_subprocess_exec(
            *RAG, "build", *folders, stdout=asyncio.subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            _, told = await build.communicate()
        except asyncio.CancelledError:
            build.kill()
            await build.wait()
            raise
        last = told.decode("utf-8", "replace").strip().splitlines()[-1:]
        self.rounds["rag build" if build.returncode == 0 else f"rag build: {last}"] += 1


class Server:
    """`rag chat` in a process of its own."""

    def __init__(self, corpus: Path, index: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        folders = ("--corpus", str(corpus), "--index", str(index), "--port", str(port))
        unlimited = os.environ | {"RAG_QUESTIONS_A_MINUTE": "0"}  # all come from one address
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*RAG, "chat", *folders], stdout=out, stderr=out, env=unlimited
            )

    async def ready(self, http: httpx.AsyncClient) -> None:
        """Until it answers."""
        for _ in range(START):
            if self._process.poll() is not None:
                break
            try:
                await call(http, "search", question="园区", k=1)
                return
            except (httpx.HTTPError, CallFailed):  # not served yet, or still being opened
                await asyncio.sleep(1)
        raise SystemExit(f"the chat did not start:\n{self._log.read_text('utf-8', 'replace')}")

    def stop(self) -> str:
        """End it. Returns what it logged of errors."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        text = self._log.read_text("utf-8", "replace")
        return text[text.index("Traceback") :] if "Traceback" in text else ""


async def call(http: httpx.AsyncClient, name: str, **given: object) -> Any:  # noqa: ANN401
    """What a named endpoint returns. Raises CallFailed, httpx.HTTPError."""
    begun = await http.post(f"/gradio_api/call/v2/{name}", json=given)
    begun.raise_for_status()
    place = f"/gradio_api/call/{name}/{begun.json()['event_id']}"
    event = ""
    async with http.stream("GET", place) as told:
        async for line in told.aiter_lines():
            kind, _, value = line.partition(": ")
            if kind == "event":
                event = value
            elif kind == "data" and event == "complete":
                return json.loads(value)[0]
            elif kind == "data" and event == "error":
                raise CallFailed(value)
    raise CallFailed("the stream ended without a result")


async def crowd(
    people: int, questions: Sequence[str], one: Callable[[str], Awaitable[Any]]
) -> tuple[Record, float]:
    """Put the questions, `people` at once. Returns what came and the seconds it took."""
    record, waiting = Record(), iter(questions)

    async def person() -> None:
        for question in waiting:
            start = time.perf_counter()
            try:
                record.rows.append(await one(question))
            except (CallFailed, httpx.HTTPError) as error:
                record.errors[f"{type(error).__name__}: {error}"[:200]] += 1
            record.seconds.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(person() for _ in range(people)))
    return record, time.perf_counter() - start


async def measure(folder: Path, args: argparse.Namespace) -> Row:
    corpus, folder_of_index = folder / "corpus", folder / "index"
    shutil.copytree(ROOT / "corpus", corpus)
    cases = (ROOT / "tests/qa/sample.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line)["question"] for line in cases]
    # every fourth question is about the page that is rewritten
    mixture = [LIVE if n % 4 == 3 else question for n, question in enumerate(asked)]
    feeder, index = Feeder(corpus, folder_of_index), Index(folder_of_index)
    feeder.write(0)
    server = Server(corpus, folder_of_index, folder / "chat.log")
    limits = httpx.Limits(max_connections=4 * args.people)
    try:
        async with httpx.AsyncClient(
            base_url=server.url, timeout=600, limits=limits, trust_env=False
        ) as http:
            await server.ready(http)
            index.look()
            around = [asyncio.create_task(feeder.run()), asyncio.create_task(index.watch())]
            found, seconds_found = await crowd(
                args.people,
                list(islice(cycle(mixture), args.searches)),
                lambda question: call(http, "search", question=question),
            )
            told, seconds_told = await crowd(
                args.people,
                list(islice(cycle(mixture), args.answers)),
                lambda question: call(http, "ask", question=question),
            )
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
            index.look()
    finally:
        trouble = server.stop()
    used = Counter(row["index_version"] for row in told.rows)
    return {
        "machine": describe_machine(),
        "people at once": args.people,
        "searches": found.figures(seconds_found) | {"mixed": index.mixed_searches(found.rows)},
        "answers": told.figures(seconds_told)
        | {
            "mixed": index.mixed_answers(told.rows),
            "quoting the rewritten page": sum(quotes_live(row) for row in told.rows),
            "versions": dict(sorted(used.items())),
        },
        "generations during the run": len(index.held),
        "rounds of changes": dict(feeder.rounds),
        "tracebacks in the server's log": trouble[:2000],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=500)
    parser.add_argument("--answers", type=int, default=50)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(Path(folder), args))
    text = json.dumps(result, ensure_ascii=False, indent=1)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text + "\n", "utf-8")
    parts = (result["searches"], result["answers"])
    if any(part["errors"] or part["mixed"] for part in parts):
        sys.exit(1)
    if len(result["answers"]["versions"]) < 2:
        sys.exit(1)


if __name__ == "__main__":
    main()
