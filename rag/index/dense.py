"""The dense index: inner product over unit vectors, by FAISS.

Up to 50,000 passages every vector is read. Of a larger index each large segment is searched by
its own approximate index, each small one exactly; the products that decide are exact in either
case, taken from the segments' memory-mapped vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.index.approximate import Approximate, is_large, selector
from rag.models.encoder import Vectors

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """The vectors of a segment.

    rows: row of the index for each, int32 [n]; -1: out of use. approximate: None for a
    segment that is searched exactly.
    """

    vectors: Vectors
    rows: NDArray[np.int32]
    approximate: Approximate | None = None

    def search(self, query: Vectors, k: int, allowed: NDArray[np.bool_] | None) -> Ints:
        """Rows of the index, at least the `k` best of this segment as far as they are found."""
        wanted = self.rows >= 0
        if allowed is not None:
            wanted &= allowed[self.rows]  # of a row out of use: whatever, it is not wanted
        count = int(np.count_nonzero(wanted))
        if self.approximate is not None and is_large(count):
            own = self.approximate.search(query, k, None if count == len(wanted) else wanted)
        else:
            own = np.flatnonzero(wanted)
            vectors = self.vectors if count == len(wanted) else self.vectors[own]
            own = own[best(vectors @ query[0], k)]
        return self.rows[own].astype(np.int64)


class DenseIndex:
    """Rows are passages, in the order of the snapshot."""

    def __init__(self, blocks: Sequence[Block], dimensions: int) -> None:
        """Each row of 0, 1, ... stands in one block. dimensions: width of a vector."""
        self.dimensions = dimensions
        self._blocks = tuple(blocks)
        self._size = sum(int(np.count_nonzero(block.rows >= 0)) for block in blocks)
        self._block_of = np.empty(self._size, np.int16)
        self._place = np.empty(self._size, np.int32)
        for number, block in enumerate(blocks):
            used = np.flatnonzero(block.rows >= 0)
            self._block_of[block.rows[used]] = number
            self._place[block.rows[used]] = used
        self._exact: Any = None
        if not is_large(self._size):
            import faiss

            self._exact = faiss.IndexFlatIP(dimensions)
            self._exact.add(self.vectors(np.arange(self._size)))

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """From float32 [n, d] with unit rows."""
        rows = np.arange(len(vectors), dtype=np.int32)
        return cls([Block(vectors, rows)], vectors.shape[1])

    def __len__(self) -> int:
        return self._size

    def search(self, query: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> Ints:
        """Rows of the `k` best passages for one query [1, d], best first.

        allowed: bool [n], the rows that may be found; None: all. Beyond 50,000 passages one in
        twenty of the best may be missed; see `rag.index.approximate`.
        """
        if self._exact is not None:
            return self._search_all(query, min(k, len(self)), allowed)
        rows = np.concatenate([block.search(query, k, allowed) for block in self._blocks])
        rows.sort()
        return rows[best(self.scores(query, rows), k)]

    def _search_all(self, query: Vectors, k: int, allowed: NDArray[np.bool_] | None) -> Ints:
        import faiss

        params = None
        if allowed is not None:
            params = faiss.SearchParameters(sel=selector(allowed))  # type: ignore[call-arg]
        _scores, rows = self._exact.search(query, k, params=params)
        found: Ints = rows[0]
        return found[found >= 0]

    def scores(self, query: Vectors, rows: Ints) -> NDArray[np.float32]:
        """Inner product of one query [1, d] with the given rows: float32 [len(rows)]."""
        products: NDArray[np.float32] = self.vectors(rows) @ query[0]
        return products

    def vectors(self, rows: Ints) -> Vectors:
        """Of the given rows as their segments hold them, float32 [len(rows), d]."""
        vectors = np.empty((len(rows), self.dimensions), np.float32)
        owners = self._block_of[rows]
        for number in np.unique(owners):
            own = np.flatnonzero(owners == number)
            vectors[own] = self._blocks[number].vectors[self._place[rows[own]]]
        return vectors


def best(scores: NDArray[np.float32], k: int) -> Ints:
    """Places of the `k` highest scores, best first; of equal ones, the first."""
    places = np.arange(len(scores))
    if len(scores) > k:
        lowest = np.partition(scores, -k)[-k]
        ties = np.flatnonzero(scores == lowest)
        above = np.flatnonzero(scores > lowest)
        places = np.sort(np.concatenate((above, ties[: k - len(above)])))
    return places[np.argsort(-scores[places], kind="stable")]
