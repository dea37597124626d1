"""The sparse index: BM25 over search tokens (Lucene's variant, k1 1.5, b 0.75).

Kamphuis et al., "Which BM25 do you mean?" (2020). N, n and the average length are those of the
rows in use of all segments, so that scores do not depend on how rows came to their segments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from rag.index.postings import Postings

K1, B = 1.5, 0.75


@dataclass(frozen=True)
class _Part:
    """The postings of a segment. rows: row of the index for each of its rows, -1: out of use.

    used: which are in use, None: all. norms: what a count is held against, float64 [n].
    """

    postings: Postings
    rows: NDArray[np.int32]
    used: NDArray[np.bool_] | None
    norms: NDArray[np.floating]

    def rows_with(self, token: str) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        """The segment's rows that hold a token, and how often; those out of use too."""
        number = self.postings.numbers.get(token)
        start, end = (0, 0) if number is None else self.postings.indptr[number : number + 2]
        return self.postings.rows[start:end], self.postings.counts[start:end]

    def frequency(self, token: str) -> int:
        """How many rows in use hold a token."""
        rows, _counts = self.rows_with(token)
        return len(rows) if self.used is None else int(np.count_nonzero(self.used[rows]))


class SparseIndex:
    """Rows are passages, in the order of the snapshot."""

    def __init__(self, parts: Sequence[tuple[Postings, NDArray[np.int32]]]) -> None:
        """parts: postings of each segment, with the row of each of its rows; -1: removed."""
        used = [rows >= 0 for _postings, rows in parts]
        self._size = sum(int(np.count_nonzero(own)) for own in used)
        total = sum(int(p.lengths[own].sum()) for (p, _), own in zip(parts, used, strict=True))
        average = (total / self._size if self._size else 0.0) or 1.0
        self._parts = tuple(
            _Part(
                postings,
                rows,
                None if own.all() else own,
                K1 * (1 - B + B * postings.lengths / average),
            )
            for (postings, rows), own in zip(parts, used, strict=True)
        )

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> SparseIndex:
        """From the tokens of every passage."""
        return cls([(Postings.build(documents), np.arange(len(documents), dtype=np.int32))])

    def __len__(self) -> int:
        return self._size

    def scores(self, tokens: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every passage, float32 [n]; a token that is repeated counts each time."""
        scores = np.zeros(len(self), np.float32)
        times = Counter(tokens)
        weights = {token: n * self.weight(token) for token, n in times.items()}
        for part in self._parts:
            # In the segment's own rows, which ascend within a token: the order of the corpus
            # comes last, once, and not once for each of a common word's million postings.
            own = np.zeros(len(part.rows))
            for token, weight in weights.items():
                rows, counts = part.rows_with(token)
                own[rows] += weight * counts / (counts + part.norms[rows])  # each row once
            used = slice(None) if part.used is None else part.used
            scores[part.rows[used]] = own[used]
        return scores

    def document_frequency(self, token: str) -> int:
        """Number of passages that hold a token."""
        return sum(part.frequency(token) for part in self._parts)

    def weight(self, token: str) -> float:
        """Inverse document frequency: how much a token tells, 0 (everywhere) and up."""
        return self._idf(self.document_frequency(token))

    def _idf(self, n: int) -> float:
        return log(1 + (len(self) - n + 0.5) / (n + 0.5))
