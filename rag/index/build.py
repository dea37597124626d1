"""The build flow: corpus -> issues -> articles -> passages -> vectors and tokens -> store.

Only what is new is read, cut and embedded. It goes into a segment of its own; the rest stays
where it is. An index that was built step by step equals one that was built from nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from itertools import chain

import numpy as np

from rag.config import Settings
from rag.errors import StoreError
from rag.index.compact import LARGEST, joined, to_merge
from rag.index.compare import corpus_hashes, hashes
from rag.index.generation import Generation, winners
from rag.index.plan import Plan, make_plan
from rag.index.postings import Postings
from rag.index.records import FORMAT, to_line
from rag.index.segment import Part, Segment, key, to_keys
from rag.index.snapshot import Snapshot
from rag.index.store import Store, unwritable
from rag.index.words import Segmenter
from rag.index.write import prune, sweep, write_generation, write_segment
from rag.ingest import PARSER
from rag.models.encoder import Encoder, Vectors
from rag.progress import Progress, Silent
from rag.types import Manifest, SegmentUse

logger = logging.getLogger(__name__)


def build(
    settings: Settings,
    encoder: Encoder,
    progress: Progress | None = None,
    full: bool = False,
    previous: Snapshot | None = None,
    moving: Set[str] = frozenset(),
) -> Manifest:
    """Bring the index of `settings` up to date with its corpus; the manifest of what is in use.

    A file that cannot be read is left out and listed in the manifest. Damaged parts are built
    again. full: reuse nothing. previous: a snapshot of this index, whose segments are not opened
    a second time. moving: files that are being written; they wait. Raises CorpusError where
    there is no folder or nothing readable in it, StoreError where nothing can be written or
    another build is at work.
    """
    progress = progress or Silent()
    store = Store(settings.index)
    with store.lock():
        try:
            sweep(store)
            base = None if full else find_base(store, encoder, previous)
            plan = make_plan(settings, base, progress, moving)
            if base is not None and plan.idle and store.in_use() in (base.manifest.version, None):
                if store.in_use() is None:  # the pointer alone is damaged
                    store.point_to(base.manifest.version)
                return base.manifest
            manifest = _carry_out(plan, store, settings, encoder, progress)
            prune(store, suspect=base is None or base.damaged)
        except OSError as error:
            raise unwritable(store.folder, error) from error
        finally:
            sweep(store)
        return manifest


def dry_run(
    settings: Settings, encoder: Encoder, progress: Progress | None = None, full: bool = False
) -> Plan:
    """What `build` would do. Writes nothing. Raises CorpusError."""
    base = None if full else find_base(Store(settings.index), encoder)
    return make_plan(settings, base, progress or Silent())


def is_current(settings: Settings, encoder: str) -> bool:
    """Whether the index in use was built from this corpus as it is, with this encoder.

    After `Store.rollback` it is not, unless the corpus is that of the older generation.
    """
    store = Store(settings.index)
    try:
        manifest = store.manifest()
        before = hashes(store.sources(manifest))
    except StoreError:
        return False
    return (
        manifest.encoder == encoder
        and manifest.parser == PARSER
        and manifest.passage_chars == settings.passage_chars
        and before == corpus_hashes(settings.corpus)
    )


def find_base(
    store: Store, encoder: Encoder, previous: Snapshot | None = None
) -> Generation | None:
    """The generation in use, else the newest that can be read; None where none fits."""
    in_use = store.in_use()
    for name in sorted(store.names(), key=lambda name: (name == in_use, name), reverse=True):
        try:
            found = store.open(name, previous.segments if previous else None, mend=True)
        except StoreError as error:
            logger.warning("%s", error)
            continue
        manifest = found.manifest
        if (manifest.encoder, manifest.dimensions) == (encoder.name, encoder.dimensions):
            return found
    return None


def _carry_out(
    plan: Plan, store: Store, settings: Settings, encoder: Encoder, progress: Progress
) -> Manifest:
    known = plan.base.terms if plan.base else None
    segmenter = Segmenter(plan.terms, settings.cache_dir, known)
    segments = plan.base.segments if plan.base else ()
    uses = [(segment, rows) for segment, rows in zip(segments, plan.kept, strict=True) if rows]
    shapes = [(segment.part.size(rows), len(segment.part.passage_lines)) for segment, rows in uses]
    merged = to_merge(shapes, len(plan.arriving))
    taken = (uses[i][0].part.take(np.array(uses[i][1])) for i in merged)
    shares = (
        _part(share, segments, segmenter, encoder, progress) for share in plan.shares(LARGEST)
    )
    written = [write_segment(store, part) for part in joined(chain(taken, shares))]
    uses = [use for i, use in enumerate(uses) if i not in merged]
    uses += [(segment, tuple(range(len(segment.part.article_lines)))) for segment in written]
    generation = Generation(
        _describe(plan, uses, settings, encoder),
        plan.sources,
        segmenter.frequencies,
        tuple(segment for segment, _rows in uses),
    )
    return write_generation(store, generation, segmenter)


def _part(
    plan: Plan,
    segments: Sequence[Segment],
    segmenter: Segmenter,
    encoder: Encoder,
    progress: Progress,
) -> Part:
    """The articles that come in, with vectors and tokens made or taken over."""
    keys = [k for _passage, k in plan.arriving]
    lines = [to_line(passage) for passage, _key in plan.arriving]
    articles = [article.line for article in plan.incoming]
    sizes = [len(article.passages) for article in plan.incoming]
    postings = _postings(plan, segments, segmenter, progress)
    return Part(
        articles,
        lines,
        np.cumsum([0, *sizes]),
        to_keys(map(key, articles)),
        to_keys(keys),
        _vectors(plan, segments, encoder, progress),
        postings,
    )


def _vectors(
    plan: Plan, segments: Sequence[Segment], encoder: Encoder, progress: Progress
) -> Vectors:
    """Of every arriving passage, float32 [n, d]."""
    texts = [passage.searchable for passage in plan.to_embed.values()]
    made: dict[bytes, Vectors] = {}
    if texts:
        with progress.task("编码段落", len(texts)) as advance:
            made = dict(zip(plan.to_embed, encoder.encode_passages(texts, advance), strict=True))
    vectors = np.empty((len(plan.arriving), encoder.dimensions), np.float32)
    for row, (_passage, k) in enumerate(plan.arriving):
        at = plan.vectors.get(k)
        vectors[row] = made[k] if at is None else segments[at[0]].part.vectors[at[1]]
    return vectors


def _postings(
    plan: Plan, segments: Sequence[Segment], segmenter: Segmenter, progress: Progress
) -> Postings:
    """Of every arriving passage: those cut now, then those of each segment, put in order."""
    tokens = []
    with progress.task("切分词语", len(plan.to_cut)) as advance:
        for passage in plan.to_cut.values():
            tokens.append(segmenter.tokens(passage.searchable))
            advance(1)
    parts, order = [Postings.build(tokens)], list(plan.to_cut)
    for at, segment in enumerate(segments):
        taken = {
            k: place[1]
            for k, place in plan.vectors.items()
            if place[0] == at and k not in plan.to_cut
        }
        if taken:
            parts.append(segment.part.postings.take(np.array(list(taken.values()))))
            order += taken
    rows = {k: row for row, k in enumerate(order)}
    return Postings.join(parts).arrange([rows[k] for _passage, k in plan.arriving])


def _describe(
    plan: Plan,
    uses: Sequence[tuple[Segment, Sequence[int]]],
    settings: Settings,
    encoder: Encoder,
) -> Manifest:
    """The manifest but for its name and its files."""
    return Manifest(
        version="",
        built=datetime.now(UTC).isoformat(timespec="seconds"),
        encoder=encoder.name,
        dimensions=encoder.dimensions,
        issues=sum(source.issues for source in plan.sources),
        articles=len(winners(plan.sources)),
        passages=plan.passages,
        passage_chars=settings.passage_chars,
        format=FORMAT,
        parser=PARSER,
        segments=tuple(SegmentUse(s.id, _others(s, rows)) for s, rows in uses),
        unreadable=tuple(plan.unreadable),
    )


def _others(segment: Segment, rows: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(set(range(len(segment.part.article_lines))).difference(rows)))
