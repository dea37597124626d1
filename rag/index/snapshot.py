"""One generation of the index in memory: what a question is answered from.

A snapshot never changes. Readers that hold one go on with it while another is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.index.dense import DenseIndex
from rag.index.files import View
from rag.index.generation import Generation
from rag.index.segment import Segment
from rag.index.sparse import SparseIndex
from rag.index.words import Segmenter
from rag.models.encoder import Vectors
from rag.types import Article, Passage

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
    """FAISS and BM25 over the same rows, with the articles they come from.

    Articles are in the order of their files and of their place there, passages in that of
    their articles: an order that does not depend on how the segments came about.
    """

    def __init__(self, generation: Generation, segmenter: Segmenter) -> None:
        self.manifest = generation.manifest
        self._segments = generation.segments
        self.segmenter = segmenter
        places = generation.places()
        segments = generation.segments
        self.articles = tuple(segments[at].articles[row] for at, row in places)
        self._by_id = {article.id: article for article in self.articles}
        ranges = [
            (at, int(bounds[row]), int(bounds[row + 1]))
            for at, row in places
            for bounds in (segments[at].part.bounds,)
        ]
        sizes = [end - start for _at, start, end in ranges]
        self._owners = np.repeat(np.arange(len(places)), sizes)
        self._segment_of = np.repeat(np.array([at for at, _, _ in ranges], np.int16), sizes)
        within = [np.arange(start, end, dtype=np.int32) for _at, start, end in ranges]
        self._row_of = np.concatenate([np.zeros(0, np.int32), *within])
        self.passages: Sequence[Passage] = View(len(self._row_of), self.passage)
        self.dense = DenseIndex.build(self._vectors())
        self.sparse = SparseIndex(
            [(s.part.postings, self._rows_of(i)) for i, s in enumerate(segments)]
        )

    @property
    def segments(self) -> Mapping[str, Segment]:
        """By id; the next generation uses most of them again."""
        return {segment.id: segment for segment in self._segments}

    def _vectors(self) -> Vectors:
        """Of every passage in use, float32 [n, d]."""
        vectors = np.empty((len(self._row_of), self.manifest.dimensions), np.float32)
        for at, segment in enumerate(self._segments):
            own = self._segment_of == at
            vectors[own] = segment.part.vectors[self._row_of[own]]
        return vectors

    def _rows_of(self, at: int) -> NDArray[np.int32]:
        """Row of the snapshot for each row of a segment, -1 for one that is not in use."""
        rows = np.full(len(self._segments[at].part.passage_lines), -1, np.int32)
        own = np.flatnonzero(self._segment_of == at)
        rows[self._row_of[own]] = own
        return rows

    def candidates(
        self, query: Vectors, tokens: Sequence[str], depth: int, allowed: Rows | None = None
    ) -> Candidates:
        """See `PassageIndex`."""
        sparse = self.sparse.scores(tokens)
        if allowed is not None:
            sparse = np.where(allowed, sparse, 0)
        rows = np.union1d(self.dense.search(query, depth, allowed), _best(sparse, depth))
        return Candidates(rows, self.dense.scores(query, rows), sparse[rows])

    def rows_where(self, keep: Callable[[Article], bool]) -> Rows:
        """See `PassageIndex`."""
        kept = np.fromiter(map(keep, self.articles), np.bool_, len(self.articles))
        rows: Rows = kept[self._owners]
        return rows

    def passage(self, row: int) -> Passage:
        """See `PassageIndex`."""
        segment = self._segments[int(self._segment_of[row])]
        return segment.passage(int(self._row_of[row]))

    def vector(self, row: int) -> Vectors:
        """The vector of a row as its segment holds it, float32 [1, d]."""
        segment = self._segments[int(self._segment_of[row])]
        found: Vectors = segment.part.vectors[self._row_of[row]][None]
        return found

    def article(self, article_id: str) -> Article:
        """See `PassageIndex`."""
        return self._by_id[article_id]


def _best(scores: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """The `depth` rows of the highest scores above 0; of equal ones, the first."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) <= depth:
        return rows
    lowest = np.partition(scores[rows], -depth)[-depth]
    above = rows[scores[rows] > lowest]
    return np.concatenate((above, rows[scores[rows] == lowest][: depth - len(above)]))
