"""Which articles have each paper, column, reporter (correspondents too) and issue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from rag.types import Article

PRINTED: Mapping[str, Callable[[Article], tuple[str, ...]]] = {
    "paper": lambda article: (article.paper,),
    "column": lambda article: (article.column,),
    "reporter": lambda article: article.reporters + article.correspondents,
    "issue": lambda article: (article.issue_id,),
}
"""What can be filtered by, and what an article prints of it; empty text is none."""


class Facets:
    """Values by name, each with the articles that have it. Made in one pass over the articles."""

    def __init__(self, articles: Iterable[Article]) -> None:
        found: dict[str, dict[str, list[int]]] = {name: {} for name in PRINTED}
        for number, article in enumerate(articles):
            for name, printed in PRINTED.items():
                for value in set(printed(article)) - {""}:
                    found[name].setdefault(value, []).append(number)
        self._articles = {
            name: {value: np.array(numbers, np.int32) for value, numbers in held.items()}
            for name, held in found.items()
        }
        self.counts = {
            name: Counter({value: len(numbers) for value, numbers in held.items()})
            for name, held in found.items()
        }
        """How many articles have each value, by name."""

    def articles(self, name: str, value: str) -> NDArray[np.int32]:
        """The places of the articles that have a value, ascending."""
        return self._articles[name].get(value, np.empty(0, np.int32))
