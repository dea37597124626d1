"""Notices what changes in the corpus: new, changed and removed files, once they lie still.

Two looks at the folder are compared; a copy that is still being written differs from one look
to the next, and is waited for. Events of the file system say when to look; where none come (a
network drive), a look is taken every few seconds all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.ingest.readers import corpus_files, printable

Look = Mapping[str, tuple[int, int]]
"""File of the corpus to its bytes and its time of change, in nanoseconds."""

PAUSE = 1.0
"""Seconds between two looks that have to agree."""
EVENTLESS = 10.0
"""Seconds after which a look is taken though no event came."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Files by what became of them, each in the order of their names."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.removed)


def look(corpus: Path) -> Look:
    """The folder as it is now; empty where it cannot be read just now."""
    found = {}
    for path in corpus_files(corpus) if corpus.is_dir() else []:
        try:
            facts = path.stat()
        except OSError:  # gone since it was listed: as if it had not been
            continue
        found[printable(path.relative_to(corpus))] = (facts.st_size, facts.st_mtime_ns)
    return found


def difference(before: Look, after: Look) -> Changes:
    """What happened between two looks."""
    return Changes(
        new=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(f for f in after.keys() & before.keys() if after[f] != before[f])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


class Watch:
    """Looks in turn, and the changes that they add up to."""

    def __init__(self, taken: Look) -> None:
        """`taken`: the look that the index was built from."""
        self._taken = self._last = taken

    @property
    def waiting(self) -> bool:
        """Whether the last look differs from what was taken: another one is due soon."""
        return self._last != self._taken

    def step(self, now: Look) -> Changes | None:
        """The changes since the last ones, where this look is like the one before."""
        still, self._last = now == self._last, now
        if not still or now == self._taken:
            return None
        changes, self._taken = difference(self._taken, now), now
        return changes


def watch(corpus: Path, stop: threading.Event, taken: Look | None = None) -> Iterator[Changes]:
    """Changes as they come, until `stop` is set.

    taken: the look that the index was built from; None: the folder as it is now. Raises
    FileNotFoundError where there is no folder.
    """
    from watchfiles import watch as events

    watching = Watch(look(corpus) if taken is None else taken)
    wait = int(EVENTLESS * 1000)
    for _seen in events(
        corpus, stop_event=stop, rust_timeout=wait, yield_on_timeout=True, raise_interrupt=False
    ):
        changes = watching.step(look(corpus))
        while changes is None and watching.waiting and not stop.wait(PAUSE):
            changes = watching.step(look(corpus))
        if changes:
            yield changes
