"""An assistant whose index is exchanged while people ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import NotReady, StoreError
from rag.index.facets import Facets
from rag.index.snapshot import Snapshot
from rag.types import (
    EVERYTHING,
    USUAL,
    Answer,
    Article,
    Citation,
    Draft,
    Effort,
    Filters,
    Hit,
    Manifest,
)


class Live:
    """Answers with the assistant of the moment; each answer with one from beginning to end.

    Until it is first renewed there is none: what needs one raises NotReady.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[Snapshot | None], Snapshot],
        over: Callable[[Snapshot], Assistant],
    ) -> None:
        """load: the generation in use, given the one before, of which it takes over what both
        hold. over: the assistant over it.
        """
        self._settings, self._load, self._over = settings, load, over
        self._snapshot: Snapshot | None = None
        self._now: Assistant | None = None
        self._before: Assistant | None = None

    def renew(self) -> None:
        """Take the generation in use. Raises StoreError; the one before goes on then."""
        snapshot = self._load(self._snapshot)
        fresh = self._over(snapshot)
        self._snapshot, self._before, self._now = snapshot, self._now, fresh

    @property
    def snapshot(self) -> Snapshot | None:
        """The generation that is answered from."""
        return self._snapshot

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return self._now is not None

    @property
    def now(self) -> Assistant:
        """The assistant of the moment, for work that has to read one index throughout."""
        if self._now is None:
            raise NotReady("the index and the models are still being opened; wait a moment")
        return self._now

    @property
    def settings(self) -> Settings:
        """Those that it was opened with."""
        return self._settings

    @property
    def generator(self) -> str:
        """Which weights write."""
        return self.now.generator

    @property
    def manifest(self) -> Manifest:
        """What the index holds now."""
        return self.now.manifest

    def articles(self) -> Sequence[Article]:
        """All articles, in the order of their issues."""
        return self.now.articles()

    def facets(self) -> Facets:
        """See `Assistant.facets`."""
        return self.now.facets()

    def article(self, article_id: str) -> Article:
        """One that an answer cited may be gone since: it is shown from the index before.

        Raises StoreError for an id that neither holds.
        """
        try:
            return self.now.article(article_id)
        except StoreError:
            if self._before is None:
                raise
            return self._before.article(article_id)

    def examples(self, n: int = 4) -> list[str]:
        """Questions that the corpus answers, one from an article."""
        return self.now.examples(n)

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        """See `Assistant.search`."""
        return self.now.search(question, k, filters, history)

    def ask(
        self,
        question: str,
        history: Sequence[str] = (),
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Answer:
        """See `Assistant.ask`."""
        return self.now.ask(question, history, filters, effort)

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Iterator[Draft | Answer]:
        """See `Assistant.stream`."""
        return self.now.stream(question, history, cancel, filters, effort)

    def related(
        self,
        answer: Answer,
        asked: Sequence[str] = (),
        told: Sequence[Citation] = (),
        filters: Filters = EVERYTHING,
    ) -> list[str]:
        """See `Assistant.related`."""
        return self.now.related(answer, asked, told, filters)
