"""The line of questions: first come, first served, each sees how many are before it."""

from __future__ import annotations

import asyncio
import re

import pytest

from rag.web.conversation import Conversation
from rag.web.handlers import CROWDED, Handlers
from rag.web.line import Line, LineFull
from tests.support.loops import in_loop
from tests.support.scripted_backend import ScriptedBackend


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

        in_loop(main())
        assert said == ["a 0", "a in", "b 0", "b in", "c 1", "d 2", "d in"]

    def test_a_wait_ends_with_its_time(self):
        async def main() -> int:
            line = Line()
            with line.join(), line.join() as second:
                await second.wait(0)
                return second.ahead

        assert in_loop(main()) == 1

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

        assert in_loop(main()) == ["前面还有 2", "前面还有 1"]

    def test_a_full_line_says_so(self):
        async def main() -> str:
            handlers, conversation = Handlers(ScriptedBackend(), Line(1, 0)), Conversation()
            handlers.submit("问", conversation)
            with handlers.line.join():
                *_views, last = [view async for view in handlers.answer(conversation)]
            return last

        assert CROWDED in in_loop(main())

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

        assert in_loop(main()) == [1, 0]
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

        in_loop(main())


async def waiting(line: Line, people: int) -> None:
    """Until so many stand in the line."""
    while line.waiting < people:
        await asyncio.sleep(0.01)
