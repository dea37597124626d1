"""A question to hits, and hits to evidence."""

from __future__ import annotations

import numpy as np

from rag.config import Settings
from rag.index.snapshot import Snapshot
from rag.models.encoder import Encoder
from rag.retrieve.fuse import fuse
from rag.retrieve.lexicon import Lexicon
from rag.types import Evidence, Hit

DEPTH = 100
"""Candidates taken from each index: far more than are shown, so that the scaling is steady."""


class Retriever:
    """Searches one snapshot."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, settings: Settings) -> None:
        self._snapshot = snapshot
        self._encoder = encoder
        self._settings = settings
        self.lexicon = Lexicon(snapshot)

    def search(self, question: str, k: int) -> list[Hit]:
        """The `k` best passages, best first; fewer where the corpus has no more."""
        snapshot = self._snapshot
        query = self._encoder.encode_queries([question])
        found = snapshot.candidates(query, snapshot.segmenter.tokens(question), DEPTH)
        scores = fuse(found.sparse, found.dense, self._settings.sparse_weight)
        order = np.argsort(-scores, kind="stable")[:k]
        return [
            Hit(
                passage := snapshot.passage(int(found.rows[i])),
                snapshot.article(passage.article_id),
                round(float(scores[i]), 6),
                round(float(found.dense[i]), 6),
                round(float(found.sparse[i]), 6),
            )
            for i in order
        ]

    def evidence(self, question: str) -> Evidence:
        """The passages that the generator reads, and how much of the question they cover."""
        hits = tuple(self.search(question, self._settings.sources))
        return Evidence(question, hits, self.coverage(question, hits))

    def coverage(self, question: str, hits: tuple[Hit, ...]) -> float:
        """Share (0..1) of the question's content words, by weight, that the hits hold."""
        held = set[str]().union(*(self.lexicon.tokens(hit.passage.searchable) for hit in hits))
        return self.lexicon.share(self.lexicon.content(question), held)
