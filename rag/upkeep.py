"""Keeps the index up with the corpus, and what answers from it up with the index."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rag.config import Settings
from rag.errors import IndexDamaged, IndexMismatch, RagError, StoreBusy, StoreError
from rag.index.build import build
from rag.index.news import compare
from rag.index.records import Source
from rag.index.store import Store
from rag.index.watch import look, watch
from rag.live import Live
from rag.models.encoder import Encoder
from rag.progress import Advance, Progress
from rag.types import News, Unreadable, Work

logger = logging.getLogger(__name__)

AGAIN = 30
"""Steps, of a second each, after which a build that failed is tried again."""
SOON = 2
"""The same where another process is building, or what it built cannot be used here."""
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
            taken = look(self._settings.corpus)
            self.step(changed=True)
            for changes in watch(self._settings.corpus, self._stop, taken, self._wake):
                self.step(bool(changes))
        finally:
            if not self._stop.is_set():  # a bug: the thread ends and tells it whole
                self._work = Work(problem=STOPPED)

    def step(self, changed: bool) -> None:
        """One second's work. changed: the corpus is not what the index was built from."""
        self._wait -= 1
        due = changed or self._wait == 0
        problems: list[RagError] = []
        for job in (self._build, self._take) if due else (self._take,):
            try:
                job()
            except RagError as error:
                problems.append(error)
        if problems:
            self._failed(problems[0])
        elif due or not self._work.problem:
            self._work, self._wait = Work(), 0

    def _build(self) -> None:
        previous = self._live.snapshot if self._live else None
        build(self._settings, self._encoder(self), self, previous=previous)

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
            self._tell(f"{news.version} is in use: {news.added} articles came, {news.removed} went")
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
