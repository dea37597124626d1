"""Two rankings to one: weighted sum of min-max-scaled scores.

Measured against reciprocal rank fusion and either ranking alone in `benchmarks/retrieval.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def fuse(sparse: Scores, dense: Scores, sparse_weight: float) -> Scores:
    """`w * scale(sparse) + (1 - w) * scale(dense)`, each scaled to 0..1 over the candidates."""
    fused: Scores = sparse_weight * min_max(sparse) + (1 - sparse_weight) * min_max(dense)
    return fused


def min_max(scores: Scores) -> Scores:
    """Linear to 0..1; all zeros where the scores do not differ."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
