"""Segments: articles with their passages, vectors and tokens, written once and never changed.

    segments/ID/    articles.jsonl  heads.jsonl  passages.jsonl  bounds.npy
                    article_keys.npy  passage_keys.npy  vectors.npy
                    vocabulary.json  indptr.npy  rows.npy  counts.npy  lengths.npy  files.json
                    of a large one also  dense.faiss  dense.json

An article and its passages stand in one segment, so that a generation leaves out whole articles.
ID is a hash of `files.json`, which holds the SHA-256 of every other file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexDamaged
from rag.index import records
from rag.index.approximate import Approximate, is_large
from rag.index.articles import StoredArticle, heads, read_heads
from rag.index.files import Lines, hash_files, load_array, settled_sha256, write_bytes_lines
from rag.index.postings import Ints, Postings
from rag.models.encoder import Vectors
from rag.types import Passage

FILES = "files.json"
ARRAYS = ("bounds", "article_keys", "passage_keys", "vectors")
REBUILD = "run `rag build`"
Keys = NDArray[np.uint64]


def key(text: bytes) -> bytes:
    """16 bytes that stand for a text: equal where, and only where, the texts are."""
    return hashlib.sha256(text).digest()[:16]


def passage_key(passage: Passage) -> bytes:
    """Of what the encoder and BM25 see of a passage."""
    return key(passage.searchable.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Part:
    """What a segment holds. Article i has the passages `bounds[i]:bounds[i + 1]`.

    article_keys: `key` of each article's line, uint64 [m, 2]; passage_keys: uint64 [n, 2];
    vectors: float32 [n, d]. approximate: of a large segment that was read from the disk.
    """

    article_lines: Sequence[bytes]
    passage_lines: Sequence[bytes]
    bounds: Ints
    article_keys: Keys
    passage_keys: Keys
    vectors: Vectors
    postings: Postings
    approximate: Approximate | None = None

    def passage_rows(self, articles: Ints) -> Ints:
        """Rows of the passages of the given articles, in their order."""
        return ranges(self.bounds[articles], self.bounds[articles + 1])

    def size(self, articles: Sequence[int]) -> int:
        """Number of passages of the given articles."""
        return int(np.diff(self.bounds)[np.array(articles, np.int64)].sum())

    def take(self, articles: Ints) -> Part:
        """Of the given articles alone."""
        rows = self.passage_rows(articles)
        return Part(
            [self.article_lines[int(i)] for i in articles],
            [self.passage_lines[int(row)] for row in rows],
            np.concatenate(([0], np.cumsum(np.diff(self.bounds)[articles]))),
            self.article_keys[articles],
            self.passage_keys[rows],
            self.vectors[rows],
            self.postings.take(rows),
        )

    @classmethod
    def join(cls, parts: Sequence[Part]) -> Part:
        """Of all articles, one part after the other."""
        sizes = np.concatenate([np.diff(part.bounds) for part in parts])
        return cls(
            [line for part in parts for line in part.article_lines],
            [line for part in parts for line in part.passage_lines],
            np.concatenate(([0], np.cumsum(sizes))),
            np.concatenate([part.article_keys for part in parts]),
            np.concatenate([part.passage_keys for part in parts]),
            np.concatenate([part.vectors for part in parts]),
            Postings.join([part.postings for part in parts]),
        )

    def save(self, folder: Path) -> str:
        """Write all files into a folder that exists; gives the segment's id."""
        write_bytes_lines(folder / "articles.jsonl", self.article_lines)
        write_bytes_lines(folder / "heads.jsonl", heads(self.article_lines))
        write_bytes_lines(folder / "passages.jsonl", self.passage_lines)
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        self.postings.save(folder)
        if is_large(len(self.vectors)):
            Approximate.train(self.vectors).save(folder)
        files = json.dumps(hash_files(folder), indent=0).encode()
        (folder / FILES).write_bytes(files)
        return key(files).hex()


class Segment:
    """A segment on disk, checked against its hashes."""

    def __init__(self, name: str, part: Part, head_lines: Sequence[bytes]) -> None:
        self.id = name
        self.part = part
        self._head_lines = head_lines

    @classmethod
    def open(cls, folder: Path, name: str | None = None) -> Segment:
        """name: its id, where the folder has another. Raises IndexDamaged naming the file."""
        name = name or folder.name
        check(folder, name)
        try:
            article_lines, head_lines, passage_lines = (
                Lines(folder / f"{kind}.jsonl") for kind in ("articles", "heads", "passages")
            )
            arrays: Any = {name: load_array(folder / f"{name}.npy") for name in ARRAYS}
            postings = Postings.load(folder)
            found = Approximate.load(folder)
            part = Part(
                article_lines, passage_lines, postings=postings, approximate=found, **arrays
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(f"{folder} cannot be loaded ({error}); {REBUILD}") from error
        rows = {len(passage_lines), int(part.bounds[-1])}
        rows |= {len(values) for values in (part.passage_keys, part.vectors, part.postings)}
        rows |= {len(found)} if found is not None else set()
        articles = {len(article_lines), len(head_lines)}
        if len(rows) != 1 or articles != {len(part.article_keys), len(part.bounds) - 1}:
            raise IndexDamaged(f"{folder}: its files disagree in their counts; {REBUILD}")
        return cls(name, part, head_lines)

    @cached_property
    def articles(self) -> tuple[StoredArticle, ...]:
        """All articles, those out of use too."""
        return read_heads(self._head_lines, self.part.article_lines)

    def passage(self, row: int) -> Passage:
        """The passage of a row of the segment."""
        return records.read_passage(self.part.passage_lines[row])

    def article_of(self, row: int) -> int:
        """The row of the article that a passage is from."""
        return int(np.searchsorted(self.part.bounds, row, side="right")) - 1

    def find_passages(self, wanted: set[bytes]) -> list[tuple[bytes, int]]:
        """The keys that are here, each with every row that has it, whether in use or not."""
        if not wanted:
            return []
        keys = self.part.passage_keys
        near = np.flatnonzero(np.isin(keys[:, 0], to_keys(wanted)[:, 0]))
        return [(found, int(row)) for row in near if (found := bytes(keys[row])) in wanted]

    def holding(self, terms: Iterable[str]) -> Ints:
        """Rows of passages that may hold one of the terms (in normal form), by their postings.

        None that does is left out: each character of a text that is part of a word lies in a
        token. Two neighbours lie in one token, or end one and begin the next.
        """
        held = np.zeros(len(self.part.postings), np.bool_)
        parts = {term: _parts(term) for term in terms}
        rows_with = self._rows_with(set().union(*parts.values()))
        for term in parts:
            rows = np.ones(len(held), np.bool_)
            for part in parts[term]:
                rows &= rows_with(part)
            held |= rows
        return np.flatnonzero(held)

    def _rows_with(self, wanted: set[str]) -> Callable[[str], NDArray[np.bool_]]:
        """Rows by one of the wanted parts: a character, or two that are neighbours."""
        postings = self.part.postings
        holding: dict[str, list[int]] = defaultdict(list)
        ending: dict[str, list[int]] = defaultdict(list)
        starting: dict[str, list[int]] = defaultdict(list)
        last, first = {part[0] for part in wanted}, {part[-1] for part in wanted}
        for number, token in enumerate(postings.vocabulary):
            for part in wanted.intersection({*token, *map("".join, pairwise(token))}):
                holding[part].append(number)
            if token[-1] in last:
                ending[token[-1]].append(number)
            if token[0] in first:
                starting[token[0]].append(number)

        def rows_of(numbers: Sequence[int]) -> NDArray[np.bool_]:
            rows = np.zeros(len(postings), np.bool_)
            for number in numbers:
                rows[postings.rows[postings.indptr[number] : postings.indptr[number + 1]]] = True
            return rows

        @lru_cache(maxsize=64)  # a byte a passage each
        def rows_with(part: str) -> NDArray[np.bool_]:
            rows = rows_of(holding[part])
            if len(part) == 1:
                return rows
            return rows | (rows_of(ending[part[0]]) & rows_of(starting[part[-1]]))

        return rows_with


def _parts(term: str) -> set[str]:
    """Pairs of neighbours that are part of words, and such characters without one."""
    runs = re.findall(r"[^\W_]+", term)
    return {part for run in runs for part in map("".join, pairwise(run))} | {
        run for run in runs if len(run) == 1
    }


def ranges(starts: Ints, ends: Ints) -> Ints:
    """`[start, end)` of each pair, one range after the other."""
    sizes = ends - starts
    shifts = starts - np.cumsum(sizes) + sizes
    rows: Ints = np.repeat(shifts, sizes) + np.arange(int(sizes.sum()))
    return rows


def to_keys(keys: Iterable[bytes]) -> Keys:
    """uint64 [n, 2]."""
    return np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 2)


def check(folder: Path, name: str) -> None:
    """Compare every file of a segment with its hash. Raises IndexDamaged naming the file."""
    try:
        files = (folder / FILES).read_bytes()
    except OSError:
        raise IndexDamaged(f"{folder / FILES} is missing; {REBUILD}") from None
    if key(files).hex() != name:
        raise IndexDamaged(f"{folder / FILES} is corrupted; {REBUILD}")
    check_files(folder, json.loads(files))


def check_files(folder: Path, hashes: Mapping[str, str]) -> None:
    """Compare files with their hashes. Raises IndexDamaged naming the first that differs."""
    for name, digest in hashes.items():
        path = folder / name
        if not path.is_file():
            raise IndexDamaged(f"{path} is missing; {REBUILD}")
        try:
            same = settled_sha256(path) == digest
        except OSError as error:
            raise IndexDamaged(f"{path} cannot be read ({error.strerror}); {REBUILD}") from error
        if not same:
            raise IndexDamaged(f"{path} is corrupted; {REBUILD}")
