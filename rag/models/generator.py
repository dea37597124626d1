"""The generator: chat messages to text, piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Generator(Protocol):
    """Writes text for a prompt."""

    @property
    def name(self) -> str:
        """Which weights answered, as shown to the user."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield pieces of text as they are written, greedily (no sampling).

        Stops within one decoding step once `cancel` is set; closing the iterator cancels too.
        """
        ...
