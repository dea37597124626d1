"""Which segments a build merges into the one that it writes, so that there are few of them."""

from __future__ import annotations

from collections.abc import Sequence

MOST_SEGMENTS = 8
MOST_REMOVED = 0.25
"""Share of all rows that may be out of use."""


def to_merge(segments: Sequence[tuple[int, int]], arriving: int) -> set[int]:
    """Places of the segments to merge with the `arriving` passages.

    segments: passages in use and passages held, of each. Segments with many removed ones are
    written anew where they are a quarter of all. Beyond eight segments small ones are merged,
    and with them those that are not larger than what is merged already: like this a passage
    is copied a few times at most, however many builds there are.
    """
    held = sum(held for _used, held in segments) + arriving
    removed = sum(held - used for used, held in segments)
    merged = set[int]()
    if removed > MOST_REMOVED * held:
        merged = {i for i, (used, all_) in enumerate(segments) if all_ - used > MOST_REMOVED * all_}
    left = sorted((used, i) for i, (used, _held) in enumerate(segments) if i not in merged)
    total = arriving + sum(segments[i][0] for i in merged)
    for done, (used, i) in enumerate(left):
        few = len(left) - done + 1 <= MOST_SEGMENTS
        if few and (done == 0 or used > total):
            break
        merged.add(i)
        total += used
    return merged
