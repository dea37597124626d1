"""Articles of a segment without their texts, which stay on the disk until they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from sys import intern

from rag.index.records import read_article, to_line
from rag.types import Article, Section

_HEAD = (
    *("id", "issue_id", "headline", "kicker", "deck", "column"),
    *("reporters", "correspondents", "paper", "date", "page"),
)


class StoredArticle(Article):
    """An `Article` whose text, sections and byline are read at each use."""

    __slots__ = ("_lines", "_row")
    _lines: Sequence[bytes]
    _row: int

    def __init__(self, head: Sequence[object], lines: Sequence[bytes], row: int) -> None:
        """head: in the order of `_HEAD`; lines, row: where the whole article stands."""
        for name, value in zip(_HEAD, head, strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_lines", lines)
        object.__setattr__(self, "_row", row)

    def whole(self) -> Article:
        """The article itself."""
        return read_article(self._lines[self._row])

    @property
    def text(self) -> str:
        """See `Article`."""
        return self.whole().text

    @property
    def sections(self) -> tuple[Section, ...]:
        """See `Article`."""
        return self.whole().sections

    @property
    def byline(self) -> str:
        """See `Article`."""
        return self.whole().byline


def heads(article_lines: Iterable[bytes]) -> Iterator[bytes]:
    """What stays in memory of each article, as a line. Raises as `read_article`."""
    for line in article_lines:
        article = read_article(line)
        yield to_line([getattr(article, name) for name in _HEAD])


def read_heads(
    head_lines: Sequence[bytes], article_lines: Sequence[bytes]
) -> tuple[StoredArticle, ...]:
    """Raises ValueError or TypeError where a line is not as written."""
    return tuple(
        StoredArticle(_read_head(line), article_lines, row) for row, line in enumerate(head_lines)
    )


def _read_head(line: bytes) -> list[object]:
    """Values that many articles share are held once."""
    (name, issue, headline, kicker, deck, column, reporters, correspondents, paper, day, page) = (
        json.loads(line.decode("utf-8", "surrogatepass"))
    )
    return [
        *(name, intern(issue), headline, kicker, deck, intern(column)),
        *(tuple(map(intern, names)) for names in (reporters, correspondents)),
        *(intern(paper), date.fromisoformat(day) if day else None, intern(page)),
    ]
