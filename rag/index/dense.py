"""The dense index: exact inner product over unit vectors, by FAISS.

Exact search reads every vector; beyond some 50,000 an approximate index takes its place, behind
the same three methods. `build` is where it would be chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.models.encoder import Vectors


class DenseIndex:
    """Rows are passages, in the order of the snapshot."""

    def __init__(self, faiss_index: Any) -> None:  # noqa: ANN401 (no types upstream)
        self._index = faiss_index

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """From float32 [n, d] with unit rows."""
        import faiss

        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        return int(self._index.d)

    def search(
        self, query: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Rows of the `k` best passages for one query [1, d], best first.

        allowed: bool [n], the rows that may be found; None: all.
        """
        import faiss

        params = None
        if allowed is not None:
            rows = np.flatnonzero(allowed).astype(np.int64)
            selector = faiss.IDSelectorBatch(rows)
            params = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        _scores, rows = self._index.search(query, min(k, len(self)), params=params)
        found: NDArray[np.int64] = rows[0]
        return found[found >= 0]

    def scores(self, query: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inner product of one query [1, d] with the given rows: float32 [len(rows)]."""
        if not len(rows):
            return np.zeros(0, np.float32)
        vectors: Vectors = self._index.reconstruct_batch(rows)
        products: NDArray[np.float32] = vectors @ query[0]
        return products
