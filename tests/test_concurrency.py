"""Many who ask at once: first come, first served, each sees how many are before them."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, BrowserContext, expect

from rag.types import EVERYTHING, Answer, Draft, Filters
from rag.web.conversation import Conversation
from rag.web.handlers import CROWDED, Handlers
from rag.web.line import Line, LineFull
from tests.scripted_backend import ScriptedBackend, serving
from tests.test_browser import (  # noqa: F401  # fixtures
    ask,
    browser,
    expect_answered,
    last_turn,
    open_page,
)
from tests.test_browser import pytestmark as needs_chromium

PEOPLE = 16


class CountingBackend(ScriptedBackend):
    """Notes how many answers are written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def ask(self, question: str, history: object = (), filters: Filters = EVERYTHING) -> Answer:
        *_drafts, answer = self.stream(question, (), None, filters)
        assert isinstance(answer, Answer)
        return answer

    def stream(self, *arguments: object, **named: object) -> Iterator[Draft | Answer]:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            yield from super().stream(*arguments, **named)  # type: ignore[arg-type]
        finally:
            with self._lock:
                self.at_once -= 1


class TestLine:
    def test_places_are_called_in_order(self):
        line, said = Line(width=2), list[str]()

        async def person(name: str, gates: dict[str, asyncio.Event]) -> None:
            with line.join() as place:
                said.append(f"{name} {place.ahead}")
                await place.wait()
                said.append(f"{name} in")
                await gates[name].wait()

        async def main() -> None:
            gates = {name: asyncio.Event() for name in "abcd"}
            people = {name: asyncio.create_task(person(name, gates)) for name in "abcd"}
            await asyncio.sleep(0)
            assert line.waiting == 2
            people["c"].cancel()  # leaves while it waits
            await asyncio.wait([people["c"]])
            gates["b"].set()
            await people["b"]
            assert line.waiting == 0
            for gate in gates.values():
                gate.set()
            await asyncio.gather(people["a"], people["d"])

        asyncio.run(main())
        assert said == ["a 0", "a in", "b 0", "b in", "c 1", "d 2", "d in"]

    def test_a_wait_ends_with_its_time(self):
        async def main() -> int:
            line = Line()
            with line.join(), line.join() as second:
                await second.wait(0)
                return second.ahead

        assert asyncio.run(main()) == 1

    def test_who_comes_when_it_is_full_is_sent_away(self):
        line = Line(width=1, longest=2)
        with line.join(), line.join(), line.join():
            with pytest.raises(LineFull), line.join():
                pass
            assert line.waiting == 2
        with line.join() as place:
            assert place.ahead == 0


class TestHandlers:
    def test_the_place_is_shown_and_falls(self):
        async def main() -> list[str]:
            handlers, conversation = Handlers(ScriptedBackend()), Conversation()
            handlers.submit("问", conversation)
            shown = []
            with handlers.line.join():
                with handlers.line.join():
                    views = handlers.answer(conversation)
                    shown.append(await anext(views))
                shown.append(await anext(views))
            shown += [view async for view in views]
            return [found[0] for view in shown if (found := re.findall(r"前面还有 \d+", view))]

        assert asyncio.run(main()) == ["前面还有 2", "前面还有 1"]

    def test_a_full_line_says_so(self):
        async def main() -> str:
            handlers, conversation = Handlers(ScriptedBackend(), Line(1, 0)), Conversation()
            handlers.submit("问", conversation)
            with handlers.line.join():
                *_views, last = [view async for view in handlers.answer(conversation)]
            return last

        assert CROWDED in asyncio.run(main())

    @pytest.mark.parametrize("leave", ["stop", "close"])
    def test_who_leaves_frees_the_place(self, leave: str):
        backend = ScriptedBackend()

        async def main() -> list[int]:
            handlers, conversation = Handlers(backend), Conversation()
            handlers.submit("问", conversation)
            with handlers.line.join():
                views = handlers.answer(conversation)
                await anext(views)
                waiting = [handlers.line.waiting]
                if leave == "close":
                    await views.aclose()  # type: ignore[attr-defined]  # as Gradio closes it
                else:
                    handlers.stop(conversation)
                    assert "已停止" in [view async for view in views][-1]
                return [*waiting, handlers.line.waiting]

        assert asyncio.run(main()) == [1, 0]
        assert not backend.asked

    def test_the_next_is_called_when_a_page_goes_away_in_the_middle(self):
        backend = ScriptedBackend()

        async def main() -> None:
            handlers, gone, stays = Handlers(backend), Conversation(), Conversation()
            handlers.submit("不停", gone)
            handlers.submit("问", stays)
            written, waits = handlers.answer(gone), handlers.answer(stays)
            for _ in range(3):
                await anext(written)
            await anext(waits)
            await written.aclose()  # type: ignore[attr-defined]
            assert backend.cancelled.is_set()
            *_views, last = [view async for view in waits]
            assert 'class="cite"' in last

        asyncio.run(main())


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
        told = asyncio.run(main(url))
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


@needs_chromium
def test_pages_see_their_place_and_one_that_is_closed_gives_it_up(
    browser: Browser,  # noqa: F811
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


@needs_chromium
def test_pages_and_the_api_stand_in_one_line(
    browser: Browser,  # noqa: F811
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
