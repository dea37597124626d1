"""Characters at their places on a page to lines, column by column in reading order.

Rows are cut into fragments at wide gaps; bands of fragments that leave the same gutters free
make up a group of columns, which are read from left to right; a headline across the gutters
begins a new group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

LARGE = 1.15  # times the body's size: headings
_GUTTER = 0.7  # of the body's size: no gap inside a line of Chinese is as wide
_GAP = 0.35  # of a character's size: where a row may be cut, if a gutter goes through
_HALF = 0.5  # how much of their width the marks take that may hang into a gutter
_HANGING = "，。、；：！？”’）》」』】"
_SAME_ROW = 0.3
_AHEAD = 3  # bands below a headline, such as its byline, down to the columns
_MAX_DEPTH = 12

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A character, or a run of them on one line.

    x0, x1: its sides; y: its baseline, upwards; size: of its characters; all in points.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float


def columns(characters: Iterable[Fragment], em: float) -> list[list[Fragment]]:
    """The lines of each column, from the top down; the columns in reading order.

    em: the size of the body's characters, in points.
    """
    fragments = [fragment for row in _rows(characters) for fragment in _fragments(row)]
    return [[_merged(row) for row in _rows(column)] for column in _columns(fragments, em, 0)]


def _rows(fragments: Iterable[Fragment]) -> list[list[Fragment]]:
    """Fragments on one baseline, the highest first, each row from left to right."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(fragments, key=lambda f: (-f.y, f.x0)):
        if rows and rows[-1][0].y - fragment.y < _SAME_ROW * min(rows[-1][0].size, fragment.size):
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
    return [sorted(row, key=lambda f: f.x0) for row in rows]


def _fragments(row: Sequence[Fragment]) -> Iterator[Fragment]:
    """A row of characters cut at its gaps. A character printed twice, for bold, is one."""
    run: list[Fragment] = []
    for character in row:
        last = run[-1] if run else None
        if last and character.text == last.text and character.x0 - last.x0 < 0.3 * last.size:
            continue
        if last and character.x0 - last.x1 > _GAP * max(last.size, character.size):
            yield from _joined(run)
            run = []
        run.append(character)
    yield from _joined(run)


def _joined(run: Sequence[Fragment]) -> Iterator[Fragment]:
    """A run of characters as one fragment, if it is not blank; a space at its end is kept."""
    printed = [i for i, character in enumerate(run) if not character.text.isspace()]
    if not printed:
        return
    spaced = " " if printed[-1] + 1 < len(run) else ""
    run = run[printed[0] : printed[-1] + 1]
    text = run[0].text
    for left, right in pairwise(run):
        text += _between(left, right) + right.text
    size = Counter(c.size for c in run).most_common(1)[0][0]
    edge = max(c.x1 for c in run) - (_HALF * size if text[-1] in _HANGING else 0)
    yield Fragment(text + spaced, run[0].x0, edge, run[0].y, size)


def _between(left: Fragment, right: Fragment) -> str:
    """The space that a gap on one line stands for."""
    ends = left.text[-1] + right.text[0]
    narrow = 0.15 if ends.isascii() else _GUTTER
    wide = right.x0 - left.x1 > narrow * left.size
    return " " if wide and not any(c.isspace() or c in _HANGING for c in ends) else ""


def _merged(row: Sequence[Fragment]) -> Fragment:
    """A row's fragments as one, a space at each gap, but for a line stretched to its width."""
    text = row[0].text
    for left, right in pairwise(row):
        text += _between(left, right) + right.text
    text = text.strip()
    if text.count(" ") > len(text) / 3 and not any(c.isascii() and c.isalnum() for c in text):
        text = text.replace(" ", "")
    size = max(row, key=lambda f: len(f.text)).size
    return Fragment(text, row[0].x0, row[-1].x1, row[0].y, size)


def _columns(fragments: Sequence[Fragment], em: float, depth: int) -> Iterator[list[Fragment]]:
    """Fragments column by column, in reading order."""
    for group in _groups(fragments, em):
        gutters = _gutters(_profile(((f.x0, f.x1) for f in group), em))
        if not gutters or depth == _MAX_DEPTH or len(_rows(group)) < 2:
            yield group
            continue
        edges = [*gutters, float("inf")]
        parts: dict[float, list[Fragment]] = {edge: [] for edge in edges}
        for fragment in group:
            parts[next(edge for edge in edges if fragment.x0 < edge)].append(fragment)
        for part in parts.values():
            yield from _columns(part, em, depth + 1)


def _gutters(profile: Sequence[Span]) -> list[float]:
    """The middles of the gaps of a profile, from left to right."""
    return [(a[1] + b[0]) / 2 for a, b in pairwise(profile)]


def _profile(spans: Iterable[Span], em: float) -> list[Span]:
    """What spans cover of a line, as few spans; gaps narrower than a gutter are covered."""
    profile: list[Span] = []
    for x0, x1 in sorted(spans):
        if profile and x0 - profile[-1][1] <= _GUTTER * em:
            profile[-1] = (profile[-1][0], max(profile[-1][1], x1))
        else:
            profile.append((x0, x1))
    return profile


def _groups(fragments: Sequence[Fragment], em: float) -> list[list[Fragment]]:
    """Bands from the top down, put together as long as a gutter stays free through them."""
    bands = _bands(fragments)
    profiles = [_profile(((f.x0, f.x1) for f in band), em) for band in bands]
    cut = [len(profile) > 1 for profile in profiles]
    groups: list[list[Fragment]] = []
    free: list[Span] = []  # the profile of the last group
    spanning = False  # whether that group is the top headline with what stands under it
    for i, band in enumerate(bands):
        large = all(f.size > LARGE * em for f in band)
        over = not groups and large and not cut[i] and any(cut[i + 1 : i + 1 + _AHEAD])
        both = _profile(free + profiles[i], em)
        if not groups or (cut[i] if spanning else len(both) == 1 and (cut[i] or len(free) > 1)):
            groups.append(list(band))
            free, spanning = profiles[i], over
        else:
            groups[-1] += band
            free = both
    return groups


def _bands(fragments: Iterable[Fragment]) -> list[list[Fragment]]:
    """Fragments that overlap in height, the highest first."""
    bands: list[list[Fragment]] = []
    bottom = 0.0
    for fragment in sorted(fragments, key=lambda f: -(f.y + 0.8 * f.size)):
        if bands and fragment.y + 0.8 * fragment.size > bottom:
            bands[-1].append(fragment)
            bottom = min(bottom, fragment.y)
        else:
            bands.append([fragment])
            bottom = fragment.y
    return bands
