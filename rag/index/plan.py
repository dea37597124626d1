"""What a build has to do: which articles stay where they are, which come in, what can be reused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from rag.config import Settings
from rag.errors import CorpusError
from rag.index.compare import FileChanges, Reading, hashes, read_corpus
from rag.index.generation import Generation, winners
from rag.index.records import Source, to_line
from rag.index.segment import Segment, passage_key
from rag.index.words import normalise, teaching
from rag.ingest import PARSER
from rag.ingest.chunk import passages as cut_passages
from rag.progress import Progress
from rag.types import Passage, Unreadable

Place = tuple[int, int]
"""A segment of the base, and a row in it."""


@dataclass(frozen=True)
class Incoming:
    """An article for the new segment, and its passages with the key of each."""

    line: bytes
    passages: tuple[tuple[Passage, bytes], ...]


@dataclass(frozen=True)
class Plan:
    """The work of a build.

    base: the generation it starts from. kept: rows of the articles that stay, for each of its
    segments. vectors: passages of the base with the text of one that comes in, by key; its
    vector is taken, and its tokens too unless the key is in `recut`.
    """

    base: Generation | None
    files: FileChanges
    sources: tuple[Source, ...]
    terms: tuple[str, ...]
    kept: tuple[tuple[int, ...], ...]
    incoming: tuple[Incoming, ...]
    vectors: dict[bytes, Place]
    recut: frozenset[bytes]

    @cached_property
    def arriving(self) -> list[tuple[Passage, bytes]]:
        """The passages for the new segment."""
        return [passage for article in self.incoming for passage in article.passages]

    @cached_property
    def to_embed(self) -> dict[bytes, Passage]:
        """Passages without a vector, one for each text."""
        return {k: passage for passage, k in self.arriving if k not in self.vectors}

    @cached_property
    def to_cut(self) -> dict[bytes, Passage]:
        """Passages whose tokens are not known, one for each text."""
        known = self.vectors.keys() - self.recut
        return {k: passage for passage, k in self.arriving if k not in known}

    @property
    def passages(self) -> int:
        """How many the index will hold."""
        segments = self.base.segments if self.base else ()
        kept = zip(segments, self.kept, strict=True)
        return len(self.arriving) + sum(segment.part.size(rows) for segment, rows in kept)

    def shares(self, most: int) -> Iterator[Plan]:
        """The plan with a share of what comes in at a time, of some `most` passages each."""
        share: list[Incoming] = []
        size = 0
        for article in self.incoming:
            if share and size + len(article.passages) > most:
                yield replace(self, incoming=tuple(share))
                share, size = [], 0
            share.append(article)
            size += len(article.passages)
        if share:
            yield replace(self, incoming=tuple(share))

    @property
    def unreadable(self) -> list[Unreadable]:
        """What of the corpus could not be read, in the order of its files."""
        return [item for source in self.sources for item in source.unreadable]

    @property
    def idle(self) -> bool:
        """Whether the base holds all that there is to hold."""
        if self.base is None or self.base.damaged or self.incoming:
            return False
        return self.sources == self.base.sources and self.base.manifest.parser == PARSER


def make_plan(
    settings: Settings,
    base: Generation | None,
    progress: Progress,
    moving: Set[str] = frozenset(),
) -> Plan:
    """Compare the corpus of `settings` with a generation. Writes nothing.

    base: made by the encoder in use; None: there is nothing to start from. moving: files that
    are being written, see `read_corpus`. Raises CorpusError where there is no folder or nothing
    readable in it.
    """
    same_cut = base is not None and base.manifest.passage_chars == settings.passage_chars
    same_parser = base is not None and base.manifest.parser == PARSER
    in_use = base.in_use() if base is not None and same_cut and same_parser else {}
    before = base.sources if base is not None else ()
    trusted = {source.file: source for source in before} if same_parser else {}
    reading = read_corpus(settings.corpus, trusted, in_use, progress, moving)
    files = FileChanges.between(hashes(before), hashes(reading.sources))
    terms = tuple(sorted({term for source in reading.sources for term in source.terms}))
    segments = base.segments if base is not None else ()
    taught = _taught(base, terms, settings.cache_dir)
    moved = set(in_use.values()) & _touched(segments, taught)
    kept: list[list[int]] = [[] for _ in segments]
    incoming = []
    for article_key in winners(reading.sources).values():
        place = in_use.get(article_key)
        if place is not None and place not in moved:
            kept[place[0]].append(place[1])
        else:
            incoming.append(_incoming(article_key, place, segments, reading, settings))
    plan = Plan(
        base,
        files,
        reading.sources,
        terms,
        tuple(tuple(sorted(rows)) for rows in kept),
        tuple(incoming),
        *_reusable(base, incoming, taught),
    )
    if not plan.passages:
        reasons = "; ".join(f"{item.source}: {item.reason}" for item in plan.unreadable)[:300]
        raise CorpusError(f"nothing to index in {settings.corpus}; add issues ({reasons})")
    return plan


def _taught(base: Generation | None, terms: Sequence[str], cache_dir: Path) -> set[str]:
    """Terms that came or went and have a say in how a text that holds them is cut."""
    if base is None:
        return set()
    before, now = set(map(normalise, base.terms)), set(map(normalise, terms))
    return teaching(before ^ now, cache_dir)


def _touched(segments: Sequence[Segment], terms: set[str]) -> set[Place]:
    """Articles with a passage that holds one of the terms."""
    if not terms:
        return set()
    touched = set()
    for at, segment in enumerate(segments):
        for row in segment.holding(terms):
            if _holds(segment.passage(int(row)), terms):
                touched.add((at, segment.article_of(int(row))))
    return touched


def _holds(passage: Passage, terms: set[str]) -> bool:
    text = normalise(passage.searchable)
    return any(term in text for term in terms)


def _incoming(
    article_key: str,
    place: Place | None,
    segments: Sequence[Segment],
    reading: Reading,
    settings: Settings,
) -> Incoming:
    """An article that was read, or one that moves over from a segment of the base."""
    if place is not None:
        segment, row = segments[place[0]], place[1]
        line = segment.part.article_lines[row]
        rows = range(int(segment.part.bounds[row]), int(segment.part.bounds[row + 1]))
        passages = [segment.passage(i) for i in rows]
    else:
        article = reading.articles[article_key]
        line = to_line(article)
        passages = cut_passages(article, settings.passage_chars)
    return Incoming(line, tuple((passage, passage_key(passage)) for passage in passages))


def _reusable(
    base: Generation | None, incoming: Sequence[Incoming], terms: set[str]
) -> tuple[dict[bytes, Place], frozenset[bytes]]:
    """See `Plan.vectors` and `Plan.recut`."""
    arriving = {k: passage for article in incoming for passage, k in article.passages}
    removed = base.removed() if base is not None else {}
    vectors: dict[bytes, Place] = {}
    in_use = set[bytes]()
    for at, segment in enumerate(base.segments if base is not None else ()):
        for k, row in segment.find_passages(set(arriving)):
            # A row out of use was left out when terms changed: its vector holds, its cut may not.
            used = segment.article_of(row) not in removed[segment.id]
            if used or k not in vectors:
                vectors[k] = (at, row)
            if used:
                in_use.add(k)
    return vectors, frozenset(k for k in vectors if k not in in_use or _holds(arriving[k], terms))
