"""An upkeep that does what a test says, behind the page's Protocol."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import News, Work


class ScriptedKeeper:
    """Counts how often it was woken; a test sets `work` and adds to `told`."""

    def __init__(self) -> None:
        self.doing = Work()
        self.told: list[News] = []
        self.woken = 0

    @property
    def work(self) -> Work:
        return self.doing

    @property
    def news(self) -> Sequence[News]:
        return tuple(self.told)

    def wake(self) -> None:
        self.woken += 1
