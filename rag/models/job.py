"""One answer under way: tokens in from the model's thread, text out to the reader's."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.errors import ModelError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

BROKEN = "\ufffd"


class Job:
    """One call of `generate`: takes its tokens, gives out text, can be told to stop.

    Stands in for transformers' TextIteratorStreamer, which holds back text without spaces
    (figures, Chinese punctuation) and lets half a character through.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, cancel: threading.Event | None) -> None:
        self.stop = threading.Event()
        self._tokenizer = tokenizer
        self._cancel = cancel
        self._tokens: list[int] = []
        self._given = 0
        self._prompt_seen = False
        self._out: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    def put(self, value: torch.Tensor) -> None:
        """Take new tokens; the first call brings the prompt."""
        if not self._prompt_seen:
            self._prompt_seen = True
            return
        self._tokens.extend(value.flatten().tolist())
        # A character may take several tokens; until the last, it decodes to U+FFFD.
        self._give(self._text().rstrip(BROKEN))

    def end(self) -> None:
        """Called by transformers after the last token; `finish` does the work."""

    def halted(self, tokens: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        """The stopping rule, asked after each step: bool [1]."""
        import torch

        halt = self.stop.is_set() or (self._cancel is not None and self._cancel.is_set())
        return torch.full((tokens.shape[0],), halt, dtype=torch.bool, device=tokens.device)

    def fail(self, error: Exception) -> None:
        """End with an error."""
        self._out.put(error)

    def finish(self) -> None:
        """End; half a character at the very end (out of tokens) is dropped."""
        self._out.put(None)

    def pieces(self) -> Iterator[str]:
        """Text as it comes. Raises ModelError where the worker failed."""
        while (piece := self._out.get()) is not None:
            if isinstance(piece, Exception):
                raise ModelError(f"the generator failed: {piece}; ask again") from piece
            yield piece

    def _text(self) -> str:
        text = self._tokenizer.decode(
            self._tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    def _give(self, text: str) -> None:
        if len(text) > self._given:
            self._out.put(text[self._given :])
            self._given = len(text)
