"""Keeps the index up with the corpus, and what answers from it up with the index."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager

from rag.config import Settings
from rag.errors import IndexDamaged, IndexMismatch, RagError, StoreBusy, StoreError
from rag.index.build import build
from rag.index.news import compare
from rag.index.records import Source
from rag.index.store import Store
from rag.index.watch import Changes, look, watch, young
from rag.live import Live
from rag.models.encoder import Encoder
from rag.progress import Advance, Progress
from rag.types import News, Unreadable, Work

logger = logging.getLogger(__name__)

AGAIN = 30
"""Steps, of about a second each, after which a build that failed is tried again."""
SOON = 2
"""The same where another process is building, or what it built cannot be used here."""
NOTHING = Changes()
STOPPED = "the index is no longer kept up; see the log and start again"


class Upkeep:
    """Builds when the corpus changes and puts what was built in use, whoever built it."""

    def __init__(
        self,
        settings: Settings,
        encoder: Callable[[Progress], Encoder],
        live: Live | None = None,
        tell: Callable[[str], None] = logger.info,
    ) -> None:
        """encoder: opens it, or gives the one that is open. live: what answers from the index;
        None: nothing here does. tell: told in a line what was done and what went wrong.
        """
        self._settings, self._encoder, self._live = settings, encoder, live
        self._store = Store(settings.index)
        self._tell = tell
        self._work = Work()
        self._news: list[News] = []
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self.run, name="upkeep", daemon=True)
        self._wait = 0
        self._moving: Set[str] = frozenset()
        self._version = ""
        self._sources: tuple[Source, ...] = ()
        self._unreadable: tuple[Unreadable, ...] = ()

    @property
    def work(self) -> Work:
        """What is being done now."""
        return self._work

    @property
    def news(self) -> Sequence[News]:
        """What came of it since the start, oldest first."""
        return tuple(self._news)

    def wake(self) -> None:
        """Look at the corpus now."""
        self._wake.set()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Begin nothing more. A build under way may be cut off: that harms no index."""
        self._stop.set()

    def run(self) -> None:
        """Do it all here, until it is closed: at once, and whenever something changes."""
        try:
            self.open()
            taken = look(self._settings.corpus)
            moving = young(taken, time.time_ns())
            self.step(Changes(new=tuple(taken), moving=moving))
            taken = {file: state for file, state in taken.items() if file not in moving}
            for changes in watch(self._settings.corpus, self._stop, taken, self._wake):
                self.step(changes)
        finally:
            if not self._stop.is_set():  # a bug: the thread ends and tells it whole
                self._work = Work(problem=STOPPED)

    def open(self) -> None:
        """Answer from the index as it is, if there is one, before it is brought up to date."""
        try:
            self._take()
        except StoreError as error:  # a build makes one, or mends it
            logger.info("%s", error)
        except RagError as error:
            self._failed(error)

    def step(self, changes: Changes = NOTHING) -> None:
        """One second's work. changes: of the corpus, against what the index was built from."""
        self._wait -= 1
        lost = bool(self._version) and self._store.in_use() is None and self._wait <= 0
        due = bool(changes) or self._wait == 0 or lost
        if changes:
            self._moving = changes.moving
        problems: list[RagError] = []
        for job in (self._build, self._take) if due else (self._take,):
            try:
                job()
            except RagError as error:
                problems.append(error)
            except OSError as error:  # of a drive that goes and comes
                problems.append(
                    StoreError(f"cannot read {self._settings.index}: {error}; check it")
                )
        if problems:
            self._failed(problems[0])
        elif due or not self._work.problem:
            self._work, self._wait = Work(), 0

    def _build(self) -> None:
        previous = self._live.snapshot if self._live else None
        build(
            self._settings,
            self._encoder(self),
            self,
            previous=previous,
            moving=self._moving,
        )

    def _failed(self, error: RagError) -> None:
        if str(error) != self._work.problem:
            self._tell(str(error))
        self._work = Work(problem=str(error))
        if self._wait <= 0:
            # the first ends by itself, a build mends the others
            soon = isinstance(error, (StoreBusy, IndexDamaged, IndexMismatch))
            self._wait = SOON if soon else AGAIN

    def _take(self) -> None:
        """Put the generation in use to use here, where it is another one."""
        current = self._store.in_use()
        opening = self._live is not None and not self._live.ready
        if not opening and current in (None, self._version):
            return
        if self._live is not None:
            self._live.renew()
        before, skipped = self._sources, set(self._unreadable)
        known = bool(self._version)
        self._read()
        news = compare(before if known else self._sources, self._sources, self._version)
        self._news.append(news)
        if known:
            self._tell(
                f"{news.version} is in use: {news.added} articles came, {news.removed} went, "
                f"{news.changed} changed"
            )
        for item in self._unreadable:
            if item not in skipped:
                self._tell(f"skipped {item.source}: {item.reason}")

    def _read(self) -> None:
        """What the generation in use here was built from; nothing where there is none."""
        self._version, self._sources, self._unreadable = "", (), ()
        try:
            manifest = self._live.manifest if self._live else self._store.manifest()
            self._sources = self._store.sources(manifest)
        except StoreError as error:
            logger.debug("%s", error)
            return
        self._version, self._unreadable = manifest.version, manifest.unreadable

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Advance]:
        """A step of a build, as `rag.progress.Progress` has it."""
        done, problem = 0, self._work.problem

        def advance(units: int) -> None:
            nonlocal done
            done += units
            self._work = Work(label, done, total, problem)

        self._work = Work(label, 0, total, problem)
        yield advance
