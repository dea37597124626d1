"""A generation tries itself out before it is put in use."""

from __future__ import annotations

import numpy as np

from rag.errors import StoreError
from rag.index.snapshot import Snapshot

SAMPLE = 8
_NOISE = 1e-4


def verify(snapshot: Snapshot) -> None:
    """Look a few passages up by their own vector and by their own words. Raises StoreError."""
    n = len(snapshot.passages)
    for row in np.unique(np.linspace(0, n - 1, SAMPLE).astype(int)):
        passage = snapshot.passage(int(row))
        article = snapshot.article(passage.article_id)
        vector = snapshot.vector(int(row))
        itself = float(vector[0] @ vector[0])
        best = snapshot.dense.scores(vector, snapshot.dense.search(vector, 1))
        tokens = snapshot.segmenter.tokens(passage.searchable)
        lexical = snapshot.sparse.scores(tokens)
        if (
            article.text[passage.start : passage.end] != passage.text
            or best[0] < itself - _NOISE
            or abs(itself - 1) > 0.01
            or (tokens and lexical[row] <= 0)
        ):
            raise StoreError(
                f"the new index does not find its passage {passage.id} again; the one in use "
                "stays. Run `rag build --full`"
            )
