"""Generators besides the usual one: opened when a question first asks for one, and kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait

from rag.errors import ModelError
from rag.models.generator import POLL_SECONDS, Generator

logger = logging.getLogger(__name__)


class OtherGenerators:
    """Those that may be chosen instead of the usual one, by their names in the settings.

    Safe to share between threads, and between assistants: what is open once stays open while
    the index under it is exchanged.
    """

    def __init__(self, names: Iterable[str], opened: Callable[[str], Generator]) -> None:
        """opened: opens the one of that name; raises ModelError where it cannot be had."""
        self._names, self._opened = frozenset(names), opened
        self._lock = threading.Lock()
        self._openings: dict[str, Future[Generator]] = {}

    def __contains__(self, name: object) -> bool:
        """Whether it may be chosen."""
        return name in self._names

    def ready(self, name: str) -> bool:
        """Whether it is open, so that `get` returns at once."""
        opening = self._openings.get(name)
        return opening is not None and opening.done() and not opening.exception()

    def get(self, name: str, cancel: threading.Event | None = None) -> Generator | None:
        """The generator; who asks first has it opened, who asks meanwhile waits for the same.

        None once `cancel` is set: what was begun is opened to its end all the same, for the
        next question. Raises ModelError where it cannot be opened; the next call tries again.
        """
        if cancel is not None and cancel.is_set() and not self.ready(name):
            return None
        opening = self._opening(name)
        while not wait([opening], POLL_SECONDS).done:
            if cancel is not None and cancel.is_set():
                return None
        try:
            return opening.result()
        except ModelError as error:
            raise ModelError(f"{error}; or choose another generator in the settings") from error

    def _opening(self, name: str) -> Future[Generator]:
        """The one under way or done; begun anew where there is none, or it failed."""
        with self._lock:
            opening = self._openings.get(name)
            if opening is None or (opening.done() and opening.exception()):
                opening = self._openings[name] = Future()
                # a thread of its own: the question that waits may be stopped, this cannot be
                threading.Thread(
                    target=self._open, args=(name, opening), name="open-generator", daemon=True
                ).start()
        return opening

    def _open(self, name: str, opening: Future[Generator]) -> None:
        """Runs in the thread; what goes wrong here is raised where it is waited for."""
        begun = time.perf_counter()
        try:
            generator = self._opened(name)
        except Exception as error:  # noqa: BLE001 - handed over whole to who waits
            logger.info("generator %s cannot be opened: %s", name, error)
            opening.set_exception(error)
        else:
            logger.info("generator %s opened in %.1f s", name, time.perf_counter() - begun)
            opening.set_result(generator)
