"""Articles to sentences and passages, each an exact range of the article's text."""

from __future__ import annotations

import hashlib
import re
from math import ceil

from rag.types import Article, Passage, Sentence

# A sentence ends at a terminal mark with the closing quotes and brackets behind it, at an
# English full stop before a space, or at a line's end. Half-width ! and ? count as well.
_SENTENCE_END = re.compile(
    r"[。！？!?…]+[”’」』》〉】)）\]］\"']*|\.(?=\s+[A-Z\u4e00-\u9fff])|(?=\n)|\Z"
)
_CLAUSE_END = re.compile(r"[；;]|[，,、]")


def sentences(article: Article) -> list[Sentence]:
    """The article's sentences in order; white space between them belongs to none."""
    return [
        Sentence(article.id, start, end, article.text[start:end])
        for start, end in sentence_ranges(article.text)
    ]


def sentence_ranges(text: str) -> list[tuple[int, int]]:
    """`[start, end)` of every sentence: in order, not overlapping, covering all but space."""
    ranges: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        if _inside_title(text, start, end):
            continue
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            ranges.append((left, right))
        start = end
    return ranges


def _inside_title(text: str, start: int, end: int) -> bool:
    """Whether a mark stands inside a title or a bracket (《谁来买单？》), where none ends.

    A mark inside a quotation does end a sentence: quotations may run over many.
    """
    piece = text[start:end]
    if not piece or text[end : end + 1] in ("", "\n"):
        return False
    return any(piece.count(a) > piece.count(b) for a, b in ("《》", "（）", "()"))


def passages(article: Article, size: int = 300) -> list[Passage]:
    """Pack sentences into passages of about `size` characters, within one section.

    Sections of more than one passage are divided evenly, so that none ends in a stump. A
    sentence longer than `size` is cut at clauses. Every sentence lies in exactly one passage
    unless it had to be cut.
    """
    cut: list[Passage] = []
    for start, end, heading in _stretches(article):
        ranges = [
            (start + a, start + b)
            for left, right in sentence_ranges(article.text[start:end])
            for a, b in _clauses(article.text[start:end], left, right, size)
        ]
        cut += [
            _passage(article, group[0][0], group[-1][1], heading) for group in _pack(ranges, size)
        ]
    return cut


def _stretches(article: Article) -> list[tuple[int, int, str]]:
    """The opening body and each section, as start, end and heading."""
    first = min((s.start for s in article.sections), default=len(article.text))
    opening = [(0, first, "")]
    parts = [
        (s.start, s.end, " ".join(filter(None, (s.label, s.heading)))) for s in article.sections
    ]
    return [part for part in opening + parts if part[0] < part[1]]


def _clauses(text: str, start: int, end: int, size: int) -> list[tuple[int, int]]:
    """A sentence, or where it is longer than `size` its clauses packed up to `size`."""
    ranges: list[tuple[int, int]] = []
    while end - start > size:
        ends = [m.end() for m in _CLAUSE_END.finditer(text, start + size // 3, start + size)]
        cut = ends[-1] if ends else start + size
        ranges.append((start, cut))
        start = cut
    return [*ranges, (start, end)] if start < end else ranges


def _pack(ranges: list[tuple[int, int]], size: int) -> list[list[tuple[int, int]]]:
    if not ranges:
        return []
    total = ranges[-1][1] - ranges[0][0]
    share = total / ceil(total / size)
    groups: list[list[tuple[int, int]]] = [[]]
    for left, right in ranges:
        group = groups[-1]
        if group:
            before, after = group[-1][1] - group[0][0], right - group[0][0]
            # Cut where the passage comes closest to an even share; never beyond `size`.
            if after > size or (after > share and after - share > share - before):
                groups.append(group := [])
        group.append((left, right))
    return groups


def _passage(article: Article, start: int, end: int, heading: str) -> Passage:
    text = article.text[start:end]
    day = article.date.isoformat() if article.date else ""
    context = "\n".join(filter(None, (article.headline, day, heading)))
    digest = hashlib.sha256(f"{article.id}:{start}:{end}".encode())
    return Passage(digest.hexdigest()[:16], article.id, start, end, text, context)
