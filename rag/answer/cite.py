"""Markers and citations: which sentence rests on which, in the answer's text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer.align import Support
from rag.types import Citation

_PRINTED = re.compile(r"\[(\d+)\]")
_PAIRS = (("“", "”"), ("‘", "’"), ("「", "」"), ("『", "』"))


def cite(supports: Sequence[Support]) -> tuple[str, tuple[Citation, ...]]:
    """Put markers behind sentences, numbered in the order in which sources first appear.

    The marker stands before the closing mark, as in print: ……15个[1]。 A [1] that an article
    itself prints reads 〔1〕 there, so that what looks like a marker is one; a quotation mark
    whose other half stands in another sentence is left out. Quotes keep both.
    """
    citations: dict[tuple[str, int], Citation] = {}
    text = ""
    for support in supports:
        markers: list[str] = []
        for article, sentence in support.quotes:
            citation = citations.setdefault(
                (article.id, sentence.start),
                Citation(
                    marker=f"[{len(citations) + 1}]",
                    article_id=article.id,
                    headline=article.title,
                    issue=article.issue_id,
                    date=article.date,
                    reporters=article.reporters,
                    quote=sentence.text,
                    start=sentence.start,
                    end=sentence.end,
                    paper=article.paper,
                    page=article.page,
                    byline=article.byline,
                ),
            )
            markers.append(citation.marker)
        said = _PRINTED.sub(r"〔\1〕", _paired(support.text))
        body = re.fullmatch(r"(.*?)([。！？!?…；;.]*[”’」』）)]*)", said, re.DOTALL)
        words, mark = (body.group(1), body.group(2)) if body else (said, "")
        text += f"{words}{''.join(markers)}{mark or '。'}"
    return text, tuple(citations.values())


def unpaired(text: str) -> set[int]:
    """The places of quotation marks, “” and ‘’, whose other half is missing."""
    lone: set[int] = set()
    for opening, closing in _PAIRS:
        waiting: list[int] = []
        for place, mark in enumerate(text):
            if mark == opening:
                waiting.append(place)
            elif mark == closing and waiting:
                waiting.pop()
            elif mark == closing:
                lone.add(place)
        lone |= set(waiting)
    return lone


def _paired(text: str) -> str:
    lone = unpaired(text)
    return "".join(mark for place, mark in enumerate(text) if place not in lone)
