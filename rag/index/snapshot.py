"""One generation of the index in memory: what a question is answered from.

A snapshot never changes. Readers that hold one go on with it while another is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.index.dense import Block, DenseIndex, best
from rag.index.facets import PRINTED, Facets
from rag.index.files import View
from rag.index.generation import Generation
from rag.index.segment import Segment, ranges
from rag.index.sparse import SparseIndex
from rag.index.words import Segmenter
from rag.models.encoder import Vectors
from rag.types import Article, Filters, Passage

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

    def rows_where(self, filters: Filters) -> Rows:
        """The rows of the articles that may be read, bool [n]."""
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
        segments = generation.segments
        places = generation.places()
        self.articles = [segments[at].articles[row] for at, row in places.values()]
        self._by_id = {article_id: i for i, article_id in enumerate(places)}
        self._days = np.array(
            [a.date.toordinal() if a.date else 0 for a in self.articles], np.int32
        )
        at, row = np.array(list(places.values()), np.int64).reshape(-1, 2).T
        starts, ends = np.empty_like(row), np.empty_like(row)
        for number, segment in enumerate(segments):
            own = at == number
            starts[own] = segment.part.bounds[row[own]]
            ends[own] = segment.part.bounds[row[own] + 1]
        self._owners = np.repeat(np.arange(len(places), dtype=np.int32), ends - starts)
        self._segment_of = np.repeat(at.astype(np.int16), ends - starts)
        self._row_of = ranges(starts, ends).astype(np.int32)
        # Not through `self`: a snapshot in a cycle would keep its memory after its last use.
        reader = _reader(segments, self._segment_of, self._row_of)
        self.passages: Sequence[Passage] = View(len(self._row_of), reader)
        rows = [self._rows_of(number) for number in range(len(segments))]
        parts = [segment.part for segment in segments]
        self.dense = DenseIndex(
            [Block(p.vectors, own, p.approximate) for p, own in zip(parts, rows, strict=True)],
            self.manifest.dimensions,
        )
        self.sparse = SparseIndex([(p.postings, own) for p, own in zip(parts, rows, strict=True)])

    @property
    def segments(self) -> Mapping[str, Segment]:
        """By id; the next generation uses most of them again."""
        return {segment.id: segment for segment in self._segments}

    @cached_property
    def facets(self) -> Facets:
        """What can be filtered by."""
        return Facets(self.articles)

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
        lexical = best(sparse, depth)
        rows = np.union1d(self.dense.search(query, depth, allowed), lexical[sparse[lexical] > 0])
        return Candidates(rows, self.dense.scores(query, rows), sparse[rows])

    def rows_where(self, filters: Filters) -> Rows:
        """See `PassageIndex`."""
        kept = np.ones(len(self.articles), np.bool_)
        if filters.since is not None:
            kept &= self._days >= filters.since.toordinal()
        if filters.until is not None:
            kept &= (self._days > 0) & (self._days <= filters.until.toordinal())
        for name in PRINTED:
            if value := getattr(filters, name):
                holding = np.zeros_like(kept)
                holding[self.facets.articles(name, value)] = True
                kept &= holding
        rows: Rows = kept[self._owners]
        return rows

    def passage(self, row: int) -> Passage:
        """See `PassageIndex`."""
        return self.passages[row]

    def vector(self, row: int) -> Vectors:
        """The vector of a row as its segment holds it, float32 [1, d]."""
        return self.dense.vectors(np.array([row]))

    def article(self, article_id: str) -> Article:
        """See `PassageIndex`."""
        return self.articles[self._by_id[article_id]].whole()


def _reader(
    segments: Sequence[Segment], segment_of: NDArray[np.int16], row_of: NDArray[np.int32]
) -> Callable[[int], Passage]:
    return lambda row: segments[int(segment_of[row])].passage(int(row_of[row]))
