"""The mark behind each sentence of an answer that was held against what it cites."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.web.language import words
from rag.web.markup import Html, tag

LABEL = "已与原文核对"
VERBATIM = "逐字引自原文"
WRITTEN = "所写的数字、日期和名称都见于原文"
RECORDED = "出自馆藏的记录"

# what setting a quotation into an answer may change: its marks, and brackets around numbers
_SET = re.compile(r"[\s“”‘’「」『』\[\]〔〕]")
_CLOSING = "。！？!?…；;，,."


def verified(said: str, quotes: Sequence[str], recorded: bool = False) -> Html:
    """The mark, whose title tells how the sentence came about.

    said: the text up to the sentence's markers. quotes: of the citations that they name.
    recorded: it was made from the articles' records, not written by a model.
    """
    how = VERBATIM if is_verbatim(said, quotes) else RECORDED if recorded else WRITTEN
    title = f"{words(LABEL)}：{words(how)}"
    return tag("span", class_="verified", role="img", aria_label=words(LABEL), title=title)


def is_verbatim(said: str, quotes: Sequence[str]) -> bool:
    """Whether the sentence that a text ends with is a quotation, or a part of one."""
    whole, last = _bare(said), _bare(re.split("(?<=[。！？!?])", said.rstrip(_CLOSING))[-1])
    found = filter(None, map(_bare, quotes))
    return bool(last) and any(whole.endswith(quote) or last in quote for quote in found)


def _bare(text: str) -> str:
    return _SET.sub("", text).rstrip(_CLOSING)
