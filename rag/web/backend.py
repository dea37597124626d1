"""What the page needs of an assistant."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from rag.evaluate.run import Answerer
from rag.index.facets import Facets
from rag.types import (
    EVERYTHING,
    USUAL,
    Answer,
    Article,
    Citation,
    Draft,
    Effort,
    Filters,
    News,
    Work,
)


class Backend(Answerer, Protocol):
    """An assistant. Every method may raise a RagError, whose one line is shown to the user."""

    @property
    def now(self) -> Answerer:
        """The same over the index of the moment, for work that reads one index throughout."""
        ...

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Iterator[Draft | Answer]:
        """Drafts as they are written, then the answer; `cancel` ends it early.

        Up to the first draft no model runs: an answer that needs none comes without drafts.
        """
        ...

    def related(
        self,
        answer: Answer,
        asked: Sequence[str] = (),
        told: Sequence[Citation] = (),
        filters: Filters = EVERYTHING,
    ) -> list[str]:
        """Questions to ask next that the corpus can answer, see `Related.after`."""
        ...

    def article(self, article_id: str) -> Article:
        """One article of the index."""
        ...

    def articles(self) -> Sequence[Article]:
        """All articles of the index."""
        ...

    def facets(self) -> Facets:
        """What they can be filtered by."""
        ...

    def examples(self, n: int = 4) -> list[str]:
        """Questions that the corpus can answer."""
        ...


class Keeper(Protocol):
    """What the page needs of the upkeep of the index."""

    @property
    def work(self) -> Work:
        """What is being done now."""
        ...

    @property
    def news(self) -> Sequence[News]:
        """The latest changes since the start, oldest first; it only grows."""
        ...

    def wake(self) -> None:
        """Look at the corpus now: something in it was changed."""
        ...
