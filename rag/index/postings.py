"""Which tokens stand in which rows, and how often: what BM25 of one segment is made of."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.index.files import load_array

_MOST = np.iinfo(np.uint16).max
_BLOCK = 1 << 24
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Postings:
    """Token i of `vocabulary` (sorted) has the postings `indptr[i]:indptr[i + 1]`.

    rows int32 [p], ascending within a token; counts uint16 [p], 65,535 for more; lengths
    int32 [n], the tokens of each row. Rows are those of the segment.
    """

    vocabulary: Sequence[str]
    indptr: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Token to its place in `vocabulary`."""
        return {token: number for number, token in enumerate(self.vocabulary)}

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> Postings:
        """From the tokens of every row."""
        numbers: dict[str, int] = {}
        tokens, rows, counts, lengths = array("i"), array("i"), array("H"), array("i")
        for row, document in enumerate(documents):
            for token, count in Counter(document).items():
                tokens.append(numbers.setdefault(token, len(numbers)))
                rows.append(row)
                counts.append(min(count, _MOST))
            lengths.append(len(document))
        return _packed(list(numbers), *map(np.array, (tokens, rows, counts, lengths)))

    def take(self, wanted: Ints) -> Postings:
        """Of the given rows alone, which become 0, 1, ... in the given order."""
        place = np.full(len(self), -1, np.int64)
        place[wanted] = np.arange(len(wanted))
        blocks = range(0, len(self.rows), _BLOCK)
        held = [np.flatnonzero(place[self.rows[at : at + _BLOCK]] >= 0) + at for at in blocks]
        found = np.concatenate([np.zeros(0, np.int64), *held])
        tokens = np.searchsorted(self.indptr, found, side="right") - 1
        rows = place[self.rows[found]]
        return _packed(self.vocabulary, tokens, rows, self.counts[found], self.lengths[wanted])

    @classmethod
    def join(cls, parts: Sequence[Postings]) -> Postings:
        """Of all rows, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        words = sorted(set().union(*(part.vocabulary for part in parts)))
        numbers = {word: number for number, word in enumerate(words)}
        own = [np.array([numbers[w] for w in part.vocabulary], np.int64) for part in parts]
        sizes = np.zeros(len(words), np.int64)
        for part, places in zip(parts, own, strict=True):
            sizes[places] += np.diff(part.indptr)
        indptr = np.concatenate(([0], np.cumsum(sizes)))
        rows = np.empty(indptr[-1], np.int32)
        counts = np.empty(indptr[-1], np.uint16)
        # Each part's postings are in order, and come behind those of the parts before it.
        ends, start = indptr[:-1].copy(), 0
        for part, places in zip(parts, own, strict=True):
            held = np.diff(part.indptr)
            to = np.repeat(ends[places] - part.indptr[:-1], held) + np.arange(len(part.rows))
            rows[to], counts[to] = part.rows + start, part.counts
            ends[places] += held
            start += len(part)
        return cls(words, indptr, rows, counts, np.concatenate([part.lengths for part in parts]))

    def arrange(self, wanted: Sequence[int]) -> Postings:
        """Of the given rows in the given order; a row may be wanted more than once."""
        if list(wanted) == list(range(len(self))):
            return self
        order = np.argsort(self.rows, kind="stable")
        starts = np.searchsorted(self.rows[order], np.arange(len(self) + 1))
        ranges = [np.arange(starts[row], starts[row + 1]) for row in wanted]
        found = order[np.concatenate([np.zeros(0, np.int64), *ranges])]
        tokens = np.searchsorted(self.indptr, found, side="right") - 1
        rows = np.repeat(np.arange(len(ranges)), [len(r) for r in ranges])
        lengths = self.lengths[np.array(wanted, np.int64)]
        return _packed(self.vocabulary, tokens, rows, self.counts[found], lengths)

    def save(self, folder: Path) -> None:
        """JSON and NumPy arrays; no pickle."""
        text = json.dumps(list(self.vocabulary), ensure_ascii=False)
        (folder / "vocabulary.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        for name in ("indptr", "rows", "counts", "lengths"):
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Postings:
        """Raises OSError or ValueError for a folder that holds none."""
        text = (folder / "vocabulary.json").read_bytes().decode("utf-8", "surrogatepass")
        names = ("indptr", "rows", "counts", "lengths")
        # A memmap costs a microsecond or two at each slice, and a search takes thousands.
        arrays = [np.asarray(load_array(folder / f"{name}.npy")) for name in names]
        return cls(json.loads(text), *arrays)


def _packed(
    words: Sequence[str],
    tokens: NDArray[np.integer],
    rows: NDArray[np.integer],
    counts: NDArray[np.integer],
    lengths: NDArray[np.integer],
) -> Postings:
    """Postings in order of token and row; words without any are dropped."""
    used = sorted((words[number], int(number)) for number in np.unique(tokens))
    ranks = np.zeros(len(words), np.int32)
    ranks[[number for _word, number in used]] = np.arange(len(used))
    ranked = ranks[tokens]
    # As one number: much faster than to sort by two keys.
    order = np.argsort(ranked.astype(np.int64) * (len(lengths) + 1) + rows)
    sizes = np.bincount(ranked, minlength=len(used))
    return Postings(
        [word for word, _number in used],
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        rows[order].astype(np.int32),
        np.minimum(counts[order], _MOST).astype(np.uint16),
        lengths.astype(np.int32),
    )
