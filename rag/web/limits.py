"""How often one may do something: so many times in any sixty seconds."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import gradio as gr
from starlette.requests import Request

from rag.errors import QuestionError

MINUTE = 60.0
MOST_KNOWN = 10_000
"""Visitors after which those who have been silent for a minute are forgotten."""


class Limits:
    """Counts what each visitor did in the last minute. For any thread."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """most: times a minute; 0: no limit. clock: seconds."""
        self.most = most
        self._clock = clock
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, who: str) -> int:
        """Count one and return 0, or count none and return the seconds until there is room."""
        if not self.most:
            return 0
        with self._lock:
            now = self._clock()
            if len(self._times) > MOST_KNOWN:
                self._times = {one: t for one, t in self._times.items() if t[-1] > now - MINUTE}
            times = self._times.setdefault(who, deque())
            while times and times[0] <= now - MINUTE:
                times.popleft()
            if len(times) >= self.most:
                return max(1, math.ceil(times[0] + MINUTE - now))
            times.append(now)
            return 0

    def forget(self, who: str) -> None:
        """Begin anew for a visitor."""
        with self._lock:
            self._times.pop(who, None)

    def check(self, who: str) -> None:
        """Count a question. Raises QuestionError where it is one too many."""
        if seconds := self.take(who):
            raise QuestionError(
                f"{self.most} questions a minute are the limit; ask again in {seconds} seconds"
            )


def visitor(request: gr.Request | Request | None) -> str:
    """Whose request it is, as the gate has written onto it: a user, else an address."""
    return str(getattr(request.state, "visitor", "")) if request is not None else ""
