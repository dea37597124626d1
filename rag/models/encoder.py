"""The encoder: text to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.progress import Advance

Vectors = NDArray[np.float32]
"""float32 [n, d], each row of unit length."""


class Encoder(Protocol):
    """Turns questions and passages into comparable vectors (inner product = cosine)."""

    @property
    def name(self) -> str:
        """Identifies the weights: an index is only searched with the encoder that built it."""
        ...

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dimensions], unit rows."""
        ...

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """float32 [len(texts), dimensions], unit rows; `advance` is told of finished texts."""
        ...
