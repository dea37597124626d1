"""Progress of long work, told through a small Protocol so that no stage knows its screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]
"""Call with the number of units that were finished since the last call."""


class Progress(Protocol):
    """Shows tasks, one at a time or nested."""

    def task(self, label: str, total: int) -> AbstractContextManager[Advance]:
        """Open a task of `total` units; leaving the context closes it."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Advance]:
        """Accept and forget."""
        yield lambda _units: None


class Bars:
    """Progress bars on standard error, for the command line."""

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Advance]:
        """One bar with a label, a share and the time left."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with RichProgress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
            bar = bars.add_task(label, total=total)
            yield lambda units: bars.advance(bar, units)

    @contextmanager
    def score(self, label: str, total: int) -> Iterator[Callable[[int, int], None]]:
        """One bar that also tells how many passed; call with the passed and the finished."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with RichProgress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
            bar = bars.add_task(label, total=total)

            def tell(passed: int, done: int) -> None:
                said = f"{label}  通过 {passed / max(1, done):.0%}"
                bars.update(bar, completed=done, description=said)

            yield tell
