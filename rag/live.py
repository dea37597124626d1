"""An assistant whose index is exchanged while people ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import StoreError
from rag.index.snapshot import Snapshot
from rag.types import EVERYTHING, Answer, Article, Draft, Filters, Hit, Manifest


class Live:
    """Answers with the assistant of the moment; each answer with one from beginning to end."""

    def __init__(
        self,
        snapshot: Snapshot,
        over: Callable[[Snapshot], Assistant],
        load: Callable[[Snapshot], Snapshot],
    ) -> None:
        """over: the assistant over a snapshot. load: the generation in use, given the one before,
        of which it takes over what both hold.
        """
        self._snapshot, self._over, self._load = snapshot, over, load
        self._now = self._before = over(snapshot)

    def renew(self) -> None:
        """Take the generation in use. Raises StoreError; the one before goes on then."""
        snapshot = self._load(self._snapshot)
        fresh = self._over(snapshot)
        self._snapshot, self._before, self._now = snapshot, self._now, fresh

    @property
    def now(self) -> Assistant:
        """The assistant of the moment, for work that has to read one index throughout."""
        return self._now

    @property
    def settings(self) -> Settings:
        """Those that it was opened with."""
        return self._now.settings

    @property
    def generator(self) -> str:
        """Which weights write."""
        return self._now.generator

    @property
    def manifest(self) -> Manifest:
        """What the index holds now."""
        return self._now.manifest

    def articles(self) -> Sequence[Article]:
        """All articles, in the order of their issues."""
        return self._now.articles()

    def article(self, article_id: str) -> Article:
        """One that an answer cited may be gone since: it is shown from the index before.

        Raises StoreError for an id that neither holds.
        """
        try:
            return self._now.article(article_id)
        except StoreError:
            return self._before.article(article_id)

    def examples(self, n: int = 4) -> list[str]:
        """Questions that the corpus answers, one from an article."""
        return self._now.examples(n)

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        """See `Assistant.search`."""
        return self._now.search(question, k, filters, history)

    def ask(
        self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> Answer:
        """See `Assistant.ask`."""
        return self._now.ask(question, history, filters)

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
    ) -> Iterator[Draft | Answer]:
        """See `Assistant.stream`."""
        return self._now.stream(question, history, cancel, filters)
