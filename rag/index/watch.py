"""Notices what changes in the corpus: new, changed and removed files, once they lie still.

Two looks at the folder are compared; a copy that is still being written differs from one look
to the next, and is waited for. Events of the file system say when to look; where none come (a
network drive), a look is taken every few seconds all the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import CorpusError
from rag.ingest.readers import corpus_files, printable

logger = logging.getLogger(__name__)

State = tuple[int, int, int, int, int]
"""Of a file: its bytes, when it was written and when changed in nanoseconds, who may read it, and
its number."""
Look = Mapping[str, State]
"""File of the corpus to its state."""

PAUSE = 1.0
"""Seconds between two looks that have to agree on a file."""
AGE_NS = 3_000_000_000
"""Since it was last changed: who writes slowly may rest between two paragraphs."""
EVENTLESS = 10.0
"""Seconds after which a look is taken though no event came."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Files by what became of them, each in the order of their names.

    moving: those that are still being written, new or not; they are no part of the others.
    """

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moving: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.removed)


def look(corpus: Path) -> Look:
    """The folder as it is now; empty where it cannot be read just now."""
    try:
        paths = corpus_files(corpus)
    except CorpusError as error:
        logger.debug("%s", error)  # a build says it
        return {}
    found = {}
    for path in paths:
        try:
            facts = path.stat()
        except OSError:  # gone since it was listed: as if it had not been
            continue
        name = printable(path.relative_to(corpus))
        times = facts.st_mtime_ns, facts.st_ctime_ns
        found[name] = (facts.st_size, *times, facts.st_mode, facts.st_ino)
    return found


def young(now: Look, time_ns: int) -> frozenset[str]:
    """Files that were changed a moment ago. A clock that is ahead of ours says nothing."""
    return frozenset(f for f, state in now.items() if 0 <= time_ns - max(state[1:3]) < AGE_NS)


def difference(before: Look, after: Look) -> Changes:
    """What happened between two looks."""
    return Changes(
        new=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(f for f in after.keys() & before.keys() if after[f] != before[f])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


class Watch:
    """Looks in turn, and the changes that they add up to. Each file is waited for by itself."""

    def __init__(self, taken: Look) -> None:
        """`taken`: the look that the index was built from."""
        self._taken = self._last = taken

    @property
    def waiting(self) -> bool:
        """Whether the last look differs from what was taken: another one is due soon."""
        return self._last != self._taken

    def step(self, now: Look, time_ns: int) -> Changes:
        """What has changed since the last changes and lies still now, at a time of day."""
        fresh = young(now, time_ns)
        last, self._last = self._last, now
        still = dict(self._taken)
        moving = set()
        for file in now.keys() | last.keys() | self._taken.keys():
            if now.get(file) != last.get(file) or file in fresh:
                moving.add(file)
            elif file in now:
                still[file] = now[file]
            else:
                still.pop(file, None)
        moving = {file for file in moving if now.get(file) != self._taken.get(file)}
        changes = difference(self._taken, still)
        self._taken = still
        return replace(changes, moving=frozenset(moving & now.keys()))


def watch(
    corpus: Path,
    stop: threading.Event,
    taken: Look | None = None,
    wake: threading.Event | None = None,
) -> Iterator[Changes]:
    """Changes as they come, until `stop` is set; an empty one every second at the latest.

    taken: the look that the index was built from; None: the folder as it is now. wake: set it
    to have a look taken now.
    """
    watching = Watch(look(corpus) if taken is None else taken)
    due, last = True, float("-inf")
    for came in _events(corpus, stop):
        now, changes = time.monotonic(), Changes()
        due = due or came or now - last >= EVENTLESS
        due = due or watching.waiting or (wake is not None and wake.is_set())
        if due and now - last >= PAUSE:
            if wake is not None:
                wake.clear()
            due, last = False, now
            changes = watching.step(look(corpus), time.time_ns())
        yield changes


def _events(corpus: Path, stop: threading.Event) -> Iterator[bool]:
    """Whether something happened in the folder, told at once, and every second at the latest."""
    from watchfiles import watch as events

    wait = int(PAUSE * 1000)
    try:
        for came in events(
            corpus, stop_event=stop, rust_timeout=wait, yield_on_timeout=True, raise_interrupt=False
        ):
            yield bool(came)
    except (OSError, RuntimeError) as error:  # no folder, or the system's limit is reached
        logger.warning("%s tells no changes (%s); it is looked at now and then", corpus, error)
        while not stop.wait(PAUSE):
            yield False
