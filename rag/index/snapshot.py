"""One generation of the index in memory: what a question is answered from.

A snapshot never changes. Readers that hold one go on with it while another is built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.index.dense import DenseIndex
from rag.index.sparse import SparseIndex
from rag.index.words import Segmenter
from rag.models.encoder import Vectors
from rag.types import Article, Manifest, Passage

Rows = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows worth a closer look with both of their scores, all of one length."""

    rows: NDArray[np.int64]
    dense: NDArray[np.float32]
    sparse: NDArray[np.float32]


class PassageIndex(Protocol):
    """What retrieval needs of an index; a vector database can stand behind it."""

    def candidates(
        self, query: Vectors, tokens: Sequence[str], depth: int, allowed: Rows | None = None
    ) -> Candidates:
        """The `depth` best rows of each index for one query [1, d], united, rows ascending.

        allowed: bool [n], the rows that may be found; None: all.
        """
        ...

    def rows_where(self, keep: Callable[[Article], bool]) -> Rows:
        """The rows of the articles that `keep` holds for, bool [n]."""
        ...

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        ...

    def article(self, article_id: str) -> Article:
        """Raises KeyError for an unknown id."""
        ...


class Snapshot:
    """FAISS and BM25 over the same rows, with the articles they come from."""

    def __init__(
        self,
        manifest: Manifest,
        articles: Sequence[Article],
        passages: Sequence[Passage],
        dense: DenseIndex,
        sparse: SparseIndex,
        segmenter: Segmenter,
    ) -> None:
        self.manifest = manifest
        self.articles = tuple(articles)
        self.passages = tuple(passages)
        self.dense = dense
        self.sparse = sparse
        self.segmenter = segmenter
        self._by_id = {article.id: article for article in articles}

    def candidates(
        self, query: Vectors, tokens: Sequence[str], depth: int, allowed: Rows | None = None
    ) -> Candidates:
        """See `PassageIndex`."""
        sparse = self.sparse.scores(tokens)
        if allowed is not None:
            sparse = np.where(allowed, sparse, 0)
        best = np.argsort(-sparse, kind="stable")[:depth]
        rows = np.union1d(self.dense.search(query, depth, allowed), best[sparse[best] > 0])
        return Candidates(rows, self.dense.scores(query, rows), sparse[rows])

    def rows_where(self, keep: Callable[[Article], bool]) -> Rows:
        """See `PassageIndex`."""
        kept = {article.id for article in self.articles if keep(article)}
        ids = (passage.article_id in kept for passage in self.passages)
        return np.fromiter(ids, np.bool_, len(self.passages))

    def passage(self, row: int) -> Passage:
        """See `PassageIndex`."""
        return self.passages[row]

    def article(self, article_id: str) -> Article:
        """See `PassageIndex`."""
        return self._by_id[article_id]
