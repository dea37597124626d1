"""Parts without weights, behind the same Protocols as the real ones.

`tests/test_encoder.py` and `tests/test_generator.py` hold them to the same contract.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from rag.models.encoder import Vectors
from rag.models.generator import Message
from rag.progress import Advance


class HashEncoder:
    """Vectors of hashed character pairs: texts that share words are near each other."""

    name = "hash-encoder"
    dimensions = 64

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, 64], unit rows."""
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """float32 [n, 64], unit rows."""
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for i in range(max(1, len(text) - 1)):
                digest = hashlib.sha256(text[i : i + 2].encode("utf-8", "surrogatepass")).digest()
                row[digest[0] % self.dimensions] += 1
            row /= np.linalg.norm(row) or 1
            if advance:
                advance(1)
        return rows


class ScriptedGenerator:
    """Writes its replies in turn, a few characters at a time; the last one again and again."""

    name = "scripted-generator"

    def __init__(self, replies: Sequence[str]) -> None:
        self._replies = list(replies) or [""]
        self.prompts: list[Sequence[Message]] = []

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield the next reply in pieces of three characters, a token each."""
        self.prompts.append(messages)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        for i in range(0, min(len(reply), 3 * max_tokens), 3):
            if cancel is not None and cancel.is_set():
                return
            yield reply[i : i + 3]


def willing(folder: Path) -> Path:
    """An `abstain.json` that refuses nothing: for tests of what comes before and after."""
    from rag.answer.abstain import NAMES, Abstainer

    zeros = dict.fromkeys(NAMES, 0.0)
    path = folder / "willing.json"
    Abstainer(0.0, zeros, zeros, dict.fromkeys(NAMES, 1.0), [(0.0, 0.0)]).save(path)
    return path
