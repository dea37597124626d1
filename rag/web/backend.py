"""What the page needs of an assistant."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from rag.config import Settings
from rag.types import EVERYTHING, Answer, Article, Draft, Filters, Hit, Manifest


class Backend(Protocol):
    """An assistant. Every method may raise a RagError, whose one line is shown to the user."""

    @property
    def settings(self) -> Settings:
        """The bounds of a question, and where the chat listens."""
        ...

    @property
    def manifest(self) -> Manifest:
        """The index that answers are read from now."""
        ...

    @property
    def generator(self) -> str:
        """Which weights write."""
        ...

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
    ) -> Iterator[Draft | Answer]:
        """Drafts as they are written, then the answer; `cancel` ends it early."""
        ...

    def ask(
        self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> Answer:
        """The answer alone."""
        ...

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        """The passages nearest to a question, best first."""
        ...

    def article(self, article_id: str) -> Article:
        """One article of the index."""
        ...

    def articles(self) -> Sequence[Article]:
        """All articles of the index."""
        ...

    def examples(self, n: int = 4) -> list[str]:
        """Questions that the corpus can answer."""
        ...
