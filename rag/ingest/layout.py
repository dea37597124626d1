"""A page's characters to lines as the page parser knows them.

Larger characters are headings, and paragraphs are indented or set apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from rag.ingest import forms
from rag.ingest.columns import LARGE, Fragment, columns

_INDENT = 1.2
_PITCH = 1.5  # of the usual distance of lines: more is a gap between paragraphs
_INDENTED = "\u3000\u3000"


def body_size(characters: Iterable[Fragment]) -> float:
    """The size that most characters have, in points; at least 1."""
    sizes = Counter(round(c.size * 2) / 2 for c in characters if not c.text.isspace())
    return max(1.0, sizes.most_common(1)[0][0]) if sizes else 1.0


def heading_sizes(characters: Iterable[Fragment], body: float) -> list[float]:
    """The sizes that headings have, the largest first; sizes that differ by a hair are one."""
    sizes: list[float] = []
    for size in sorted({c.size for c in characters if c.size > LARGE * body}, reverse=True):
        if not sizes or size < 0.95 * sizes[-1]:
            sizes.append(size)
    return sizes


def page_lines(characters: Sequence[Fragment], body: float, larger: Sequence[float]) -> list[str]:
    """A page's lines for `parse_page`: headings marked, paragraphs indented or set apart.

    body: size of the text, in points. larger: sizes of headings, the largest first.
    """
    lines: list[str] = []
    for column in columns(characters, body):
        lines += _column_lines(column, body, larger)
        last = column[-1]
        short = last.x1 < max(f.x1 for f in column) - 2 * body
        lines += [""] * (short and forms.ends_complete(last.text))
    return lines


def indented(lines: Sequence[str]) -> list[str]:
    """Lines whose paragraphs are set apart by gaps alone, as indented ones; others as they are.

    Without it a line that happens to end in a full stop would end its paragraph.
    """
    if any(line.startswith(_INDENTED) for line in lines):
        return list(lines)
    marked: list[str] = []
    for above, line, below in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        plain = not (line.startswith("#") or forms.is_byline(line) or forms.is_caption(line))
        goes_on = below and not below.startswith("#") and not forms.is_byline(below)
        marked.append(_INDENTED * bool(not above and line and plain and goes_on) + line)
    return marked


def _column_lines(rows: Sequence[Fragment], body: float, larger: Sequence[float]) -> list[str]:
    """One column's lines, with a blank one where a gap parts them."""
    levels = [_level(row, larger) for row in rows]
    plain = [row for row, level in zip(rows, levels, strict=True) if not level]
    left = min((row.x0 for row in plain), default=0.0)
    steps = sorted(a.y - b.y for a, b in pairwise(plain))
    pitch = steps[len(steps) // 2] if steps else 2 * body
    lines: list[str] = []
    for level, run in groupby(zip(levels, rows, strict=True), key=lambda pair: pair[0]):
        printed = [row for _level, row in run]
        if level:
            lines += ["", *_headings(printed, level), ""]
            continue
        above: Fragment | None = None
        for row in printed:
            if above and _caption_goes_on(above, row, lines[-1], left, pitch):
                lines[-1] += row.text
            else:
                if above and above.y - row.y > _PITCH * pitch:
                    lines.append("")
                lines.append(_INDENTED * (row.x0 - left > _INDENT * body) + row.text)
            above = row
    return lines


def _level(row: Fragment, larger: Sequence[float]) -> int:
    """1 to 6 for a line in larger characters, 0 for body; a single one is an initial."""
    if len(row.text) < 2:
        return 0
    return next((min(i, 6) for i, size in enumerate(larger, 1) if row.size > 0.97 * size), 0)


def _headings(rows: Sequence[Fragment], level: int) -> list[str]:
    """Headings in one size: lines right below each other are one heading."""
    headings: list[str] = []
    above: Fragment | None = None
    for row in rows:
        near = above is not None and above.y - row.y < 2 * row.size
        if near and not forms.is_deck(row.text):
            headings[-1] += row.text
        else:
            headings.append(f"{'#' * level} {row.text}")
        above = row
    return headings


def _caption_goes_on(
    above: Fragment, row: Fragment, caption: str, left: float, pitch: float
) -> bool:
    """Whether a line goes on with a caption, which is set smaller than the body."""
    return (
        forms.is_caption(caption)
        and abs(above.size - row.size) < 0.1
        and above.y - row.y <= _PITCH * pitch
        and row.x0 - left < row.size
        and not forms.ends_with_credit(caption)
    )
