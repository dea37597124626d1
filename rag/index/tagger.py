"""jieba's part-of-speech tagger over a tokenizer of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def open_tagger(tokenizer: Any) -> Callable[[str], list[tuple[str, str]]]:  # noqa: ANN401 (no types)
    """Cuts a text, nothing left out, into words with jieba's part-of-speech flags.

    tokenizer: a `jieba.Tokenizer`, which decides the cut. The first call in a process takes
    0.3 s and 50 MB, those after it nothing. Threads may share what it gives.
    """
    from jieba.posseg import POSTokenizer, dt

    # Its constructor reads the table of flags again (0.2 s and 40 MB each time). The cut comes
    # from the tokenizer alone, so all can share the one that jieba read when it was imported.
    made = POSTokenizer.__new__(POSTokenizer)
    made.tokenizer, made.word_tag_tab = tokenizer, dt.word_tag_tab
    return lambda text: [(pair.word, pair.flag) for pair in made.lcut(text)]
