"""The sparse index: BM25 over search tokens, by bm25s (Lucene's variant, k1 1.5, b 0.75)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class SparseIndex:
    """Rows are passages, in the order of the store."""

    def __init__(self, bm25: Any) -> None:  # noqa: ANN401 (no types upstream)
        self._bm25 = bm25
        self._vocabulary: dict[str, int] = bm25.vocab_dict

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> SparseIndex:
        """From the tokens of every passage; at least one passage."""
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)
        bm25 = bm25s.BM25()
        # The empty token keeps a passage without any word (a lone mark) in its row.
        bm25.index([list(tokens) or [""] for tokens in documents], show_progress=False)
        return cls(bm25)

    @classmethod
    def load(cls, folder: Path) -> SparseIndex:
        """Raises OSError or ValueError for a folder that is not such an index."""
        import bm25s

        return cls(bm25s.BM25.load(folder, allow_pickle=False, show_progress=False))

    def save(self, folder: Path) -> None:
        """A folder of NumPy arrays and JSON; no pickle."""
        self._bm25.save(folder, allow_pickle=False, show_progress=False)

    def __len__(self) -> int:
        return int(self._bm25.scores["num_docs"])

    def scores(self, tokens: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every passage, float32 [n]; zeros where no token is known."""
        known = [self._vocabulary[t] for t in tokens if t in self._vocabulary]
        if not known:
            return np.zeros(len(self), np.float32)
        scores: NDArray[np.float32] = self._bm25.get_scores_from_ids(known)
        return scores

    def document_frequency(self, token: str) -> int:
        """Number of passages that hold a token."""
        row = self._vocabulary.get(token)
        if row is None:
            return 0
        bounds = self._bm25.scores["indptr"]
        return int(bounds[row + 1] - bounds[row])

    def weight(self, token: str) -> float:
        """Inverse document frequency: how much a token tells, 0 (everywhere) and up."""
        n = self.document_frequency(token)
        return log(1 + (len(self) - n + 0.5) / (n + 0.5))
