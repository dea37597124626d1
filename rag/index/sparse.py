"""The sparse index: BM25 over search tokens (Lucene's variant, k1 1.5, b 0.75).

Kamphuis et al., "Which BM25 do you mean?" (2020). N, n and the average length are those of the
rows in use of all segments, so that scores do not depend on how rows came to their segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from rag.index.postings import Ints, Postings

K1, B = 1.5, 0.75


class SparseIndex:
    """Rows are passages, in the order of the snapshot."""

    def __init__(self, parts: Sequence[tuple[Postings, NDArray[np.int32]]]) -> None:
        """parts: postings of each segment, with the row of each of its rows; -1: removed."""
        self._parts = tuple(parts)
        self._size = sum(int((rows >= 0).sum()) for _postings, rows in parts)
        lengths = np.zeros(self._size)
        for postings, rows in parts:
            lengths[rows[rows >= 0]] = postings.lengths[rows >= 0]
        average = (float(lengths.mean()) if self._size else 0.0) or 1.0
        self._norms = K1 * (1 - B + B * lengths / average)

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> SparseIndex:
        """From the tokens of every passage."""
        return cls([(Postings.build(documents), np.arange(len(documents), dtype=np.int32))])

    def __len__(self) -> int:
        return self._size

    def _found(self, token: str) -> Iterator[tuple[Ints, NDArray[np.float64]]]:
        """Rows in use that hold a token and how often, segment by segment."""
        for postings, rows in self._parts:
            number = postings.numbers.get(token)
            if number is not None:
                at = slice(int(postings.indptr[number]), int(postings.indptr[number + 1]))
                found = rows[postings.rows[at]].astype(np.int64)
                used = found >= 0
                yield found[used], postings.counts[at][used].astype(np.float64)

    def scores(self, tokens: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every passage, float32 [n]; a token that is repeated counts each time."""
        scores = np.zeros(len(self))
        for token in tokens:
            found = list(self._found(token))
            idf = self._idf(sum(len(rows) for rows, _counts in found))
            for rows, counts in found:  # a row stands once in a token's postings
                scores[rows] += idf * counts / (counts + self._norms[rows])
        return scores.astype(np.float32)

    def document_frequency(self, token: str) -> int:
        """Number of passages that hold a token."""
        return sum(len(rows) for rows, _counts in self._found(token))

    def weight(self, token: str) -> float:
        """Inverse document frequency: how much a token tells, 0 (everywhere) and up."""
        return self._idf(self.document_frequency(token))

    def _idf(self, n: int) -> float:
        return log(1 + (len(self) - n + 0.5) / (n + 0.5))
