"""The line of questions: first come, first served, and each sees how many are before it.

To be used from one event loop alone, that of the page's server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 64
TICK = 0.5
"""Seconds after which a place is told again: a page that is gone is noticed when it is told."""


class LineFull(Exception):
    """Nobody else may wait now."""


class Line:
    """Those who are answered, `width` of them, and those who wait behind them."""

    def __init__(self, width: int = 1, longest: int = LONGEST) -> None:
        self.width, self.longest = width, longest
        self._places: list[Place] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return max(0, len(self._places) - self.width)

    @contextmanager
    def join(self) -> Iterator[Place]:
        """A place at the end, given up when the block is left. Raises LineFull."""
        if len(self._places) >= self.width + self.longest:
            raise LineFull
        place = Place(self)
        self._places.append(place)
        try:
            yield place
        finally:
            self._places.remove(place)
            for next_one in self._places[: self.width]:
                next_one.called.set()

    def ahead(self, place: Place) -> int:
        """How many have to be done before a place is called."""
        return max(0, self._places.index(place) + 1 - self.width)


class Place:
    """One place in the line."""

    def __init__(self, line: Line) -> None:
        self.called = asyncio.Event()
        self._line = line

    @property
    def ahead(self) -> int:
        """How many questions come before this one; 0: it is its turn."""
        return self._line.ahead(self)

    async def wait(self, seconds: float | None = None) -> None:
        """Until it is called, or `seconds` have passed."""
        if self.ahead:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.called.wait(), seconds)
