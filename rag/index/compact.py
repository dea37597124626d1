"""Which segments a build merges into the one that it writes, so that there are few of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rag.index.segment import Part

MOST_SEGMENTS = 8
MOST_REMOVED = 0.25
"""Share of all rows that may be out of use."""
LARGEST = 250_000
"""Passages of a segment, about: what a build has to hold in memory, and to train, at once."""


def to_merge(segments: Sequence[tuple[int, int]], arriving: int) -> set[int]:
    """Places of the segments to merge with the `arriving` passages.

    segments: passages in use and passages held, of each. Segments with many removed ones are
    written anew where they are a quarter of all. Beyond eight segments small ones are merged,
    and with them those that are not larger than what is merged already: like this a passage
    is copied a few times at most, however many builds there are. What has grown beyond half of
    `LARGEST` is not merged again and does not count among the eight.
    """
    held = sum(held for _used, held in segments) + arriving
    removed = sum(held - used for used, held in segments)
    merged = set[int]()
    if removed > MOST_REMOVED * held:
        merged = {i for i, (used, all_) in enumerate(segments) if all_ - used > MOST_REMOVED * all_}
    open_ = [i for i, (used, _held) in enumerate(segments) if used <= LARGEST // 2]
    left = sorted((segments[i][0], i) for i in open_ if i not in merged)
    total = arriving + sum(segments[i][0] for i in merged)
    for done, (used, i) in enumerate(left):
        few = len(left) - done + 1 <= MOST_SEGMENTS
        if few and (done == 0 or used > total or used + total > LARGEST):
            break
        merged.add(i)
        total += used
    return merged


def joined(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts in their order, as few as they can be with `LARGEST` passages each."""
    waiting: list[Part] = []
    for part in parts:
        if waiting and sum(len(p.passage_lines) for p in (*waiting, part)) > LARGEST:
            yield Part.join(waiting)
            waiting = []
        waiting.append(part)
    if waiting:
        yield Part.join(waiting)
