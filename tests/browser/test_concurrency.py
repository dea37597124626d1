"""Many who ask at once: pages and API stand in one line, first come, first served."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, BrowserContext, expect

from rag.answer.assistant import Assistant
from rag.answer.prompt import REFUSAL
from rag.config import Settings
from rag.index.build import build
from rag.index.store import Store
from rag.models.generator import Message
from rag.retrieve.search import Search
from rag.types import Answer, Draft
from rag.web.line import Line
from tests.support.driver import ask, expect_answered, last_turn, open_page
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing
from tests.support.loops import in_loop
from tests.support.scripted_backend import ScriptedBackend, serving

PEOPLE = 16


class CountingBackend(ScriptedBackend):
    """Notes how many answers are written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def write(self, *arguments: object) -> Iterator[Draft | Answer]:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            yield from super().write(*arguments)  # type: ignore[arg-type]
        finally:
            with self._lock:
                self.at_once -= 1


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    scripted = CountingBackend()
    yield scripted
    scripted.go.set()


@pytest.fixture
def url(backend: CountingBackend) -> Iterator[str]:
    with serving(backend) as address:
        yield address


async def begin(http: httpx.AsyncClient, question: str) -> str:
    """Put a question. Returns where its answer is told."""
    begun = await http.post("/gradio_api/call/v2/ask", json={"question": question})
    return f"/gradio_api/call/ask/{begun.raise_for_status().json()['event_id']}"


async def waiting(line: Line, people: int) -> None:
    """Until so many stand in the line."""
    while line.waiting < people:
        await asyncio.sleep(0.01)


async def answered(http: httpx.AsyncClient, place: str) -> dict[str, str]:
    told = (await http.get(place)).text
    assert "event: complete" in told
    row: dict[str, str] = json.loads(told.rsplit("data: ", 1)[1])[0]
    return row


def test_sixteen_over_http_are_answered_in_the_order_of_their_coming(
    backend: CountingBackend, monkeypatch: pytest.MonkeyPatch
):
    line = Line()
    monkeypatch.setattr("rag.web.page.Line", lambda _width: line)
    questions = ["慢：备案有多少？", *(f"第{number}问" for number in range(2, PEOPLE + 1))]

    async def main(url: str) -> list[dict[str, str]]:
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
            places = [await begin(http, questions[0])]
            assert await asyncio.to_thread(backend.held.wait, 20)
            for number, question in enumerate(questions[1:], 1):
                places.append(await begin(http, question))
                # Gradio reads each question in a thread of its own
                await asyncio.wait_for(waiting(line, number), 60)
            # who searches waits for no answer
            search = {"question": "备案", "k": 3}
            found = await http.post("/gradio_api/call/v2/search", json=search)
            listed = await http.get(f"/gradio_api/call/search/{found.json()['event_id']}")
            assert "event: complete" in listed.text
            backend.go.set()
            return await asyncio.gather(*(answered(http, place) for place in places))

    with serving(backend) as url:
        told = in_loop(main(url))
    assert [row["question"] for row in told] == questions
    assert [question for question, _ in backend.asked] == questions
    assert {row["index_version"] for row in told} == {"v-test"}
    assert backend.most_at_once == 1


def test_a_full_line_is_said_over_http(backend: CountingBackend, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rag.web.page.Line", lambda width: Line(width, 0))
    with serving(backend) as address, ThreadPoolExecutor(1) as pool:
        client = Client(address, verbose=False)
        first = pool.submit(client.predict, "慢：备案有多少？", api_name="/ask")
        assert backend.held.wait(20)
        with pytest.raises(AppError, match="0 questions are waiting; ask again in a while"):
            client.predict("备案有多少？", api_name="/ask")
        backend.go.set()
        assert first.result(60)["citations"]


@pytest.mark.long
def test_pages_see_their_place_and_one_that_is_closed_gives_it_up(
    browser: Browser,
    url: str,
    backend: CountingBackend,
):
    contexts: list[BrowserContext] = [browser.new_context(locale="zh-CN") for _ in range(4)]
    first, second, third, fourth = (open_page(context, url) for context in contexts)
    ask(first, "慢：第一位")
    assert backend.held.wait(20)
    for ahead, page in enumerate((second, third, fourth), 1):
        ask(page, f"第{ahead + 1}位")
        expect(last_turn(page).locator(".queued")).to_have_text(
            f"前面还有 {ahead} 个问题，请稍候。"
        )
    second.close()
    expect(last_turn(fourth).locator(".queued")).to_have_text("前面还有 2 个问题，请稍候。")
    third.get_by_role("button", name="停止").click()
    expect(last_turn(third)).to_contain_text("已停止")
    expect(last_turn(fourth).locator(".queued")).to_have_text("前面还有 1 个问题，请稍候。")
    backend.go.set()
    expect_answered(first, "慢：第一位")
    expect_answered(fourth, "第4位")
    assert [question for question, _ in backend.asked] == ["慢：第一位", "第4位"]
    for context in contexts:
        context.close()


def test_pages_and_the_api_stand_in_one_line(
    browser: Browser,
    url: str,
    backend: CountingBackend,
):
    with ThreadPoolExecutor(1) as pool:
        client = Client(url, verbose=False)
        api = pool.submit(client.predict, "慢：从接口来", api_name="/ask")
        assert backend.held.wait(20)
        context = browser.new_context(locale="zh-CN")
        page = open_page(context, url)
        ask(page, "从页面来")
        expect(last_turn(page).locator(".queued")).to_have_text("前面还有 1 个问题，请稍候。")
        backend.go.set()
        assert api.result(60)["citations"]
        expect_answered(page, "从页面来")
        context.close()
    assert backend.most_at_once == 1


class HeldGenerator(ScriptedGenerator):
    """Begins to write once `go` is set."""

    def __init__(self, replies: Sequence[str]) -> None:
        super().__init__(replies)
        self.held, self.go = threading.Event(), threading.Event()

    def stream(self, messages: Sequence[Message], **how: Any) -> Iterator[str]:
        self.held.set()
        assert self.go.wait(120)
        yield from super().stream(messages, **how)


def test_what_needs_no_model_is_answered_while_an_answer_is_held_back(
    tmp_path: Path, tiny_corpus: Path
):
    settings = Settings(
        corpus=tiny_corpus,
        index=tmp_path / "index",
        abstain=willing(tmp_path),
        questions_a_minute=0,
    )
    build(settings, HashEncoder())
    snapshot = Store(settings.index).load(settings.cache_dir)
    generator = HeldGenerator(["中试基地占地120亩。"])
    assistant = Assistant(Search(snapshot, HashEncoder(), settings), generator)
    question = "白沙高新区的中试基地占地多少亩？"
    with serving(assistant) as url, ThreadPoolExecutor(1) as pool:
        client = Client(url, verbose=False)
        held = pool.submit(client.predict, question, api_name="/ask")
        assert generator.held.wait(60)
        for asked, said in (
            ("你好", "你好！"),
            ("你能做什么？", "报纸问答助手"),
            ("一共收录了多少篇报道？", "2"),
            ("2019年5月的报道里，园区有多少家企业？", REFUSAL),
        ):
            assert said in client.predict(asked, api_name="/ask")["answer"]
        assert not held.done()
        generator.go.set()
        assert "120亩" in held.result(60)["answer"]
