"""New segments and generations onto the disk, old ones off it. Under the store's lock only."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

from rag.errors import IndexDamaged, StoreError
from rag.index import records
from rag.index.files import hash_files, make_folder, sync, sync_folder
from rag.index.generation import Generation
from rag.index.segment import Part, Segment
from rag.index.store import (
    FRESH_POINTER,
    MANIFEST,
    SOURCES,
    TERMS,
    Store,
    open_snapshot,
    read_terms,
)
from rag.index.verify import verify
from rag.index.words import Segmenter
from rag.types import Manifest

logger = logging.getLogger(__name__)

KEEP = 3


def write_segment(store: Store, part: Part) -> Segment:
    """A part as a segment, synced, read back and checked. Raises OSError."""
    make_folder(store.segments)
    folder = store.segments / f".new-{os.getpid()}"
    folder.mkdir()
    name = part.save(folder)
    sync_folder(folder)
    final = store.segments / name
    try:
        opened = Segment.open(final)
    except IndexDamaged:  # absent, or there is one of the same content that lost some of it
        Segment.open(folder, name)
        _remove(final)
        folder.rename(final)
        sync(store.segments)
        return Segment.open(final)
    shutil.rmtree(folder)
    return opened


def write_generation(store: Store, generation: Generation, segmenter: Segmenter) -> Manifest:
    """Write a generation and put it in use, once it has stood its check.

    Name and files of its manifest are filled in. Raises OSError, or StoreError where what was
    written is not what should have been; the generation in use stays.
    """
    make_folder(store.generations)
    folder = store.generations / f".new-{os.getpid()}"
    folder.mkdir()
    records.write_sources(folder / SOURCES, generation.sources)
    terms = "".join(f"{term}\t{n}\n" for term, n in generation.terms.items())
    (folder / TERMS).write_text(terms, encoding="utf-8")
    files = hash_files(folder)
    manifest = replace(generation.manifest, files=files)
    name = f"{_next_number(store):06d}-{records.manifest_digest(manifest)}"
    manifest = replace(manifest, version=name)
    written = replace(
        generation,
        manifest=manifest,
        sources=records.read_sources(folder / SOURCES),
        terms=read_terms(folder),
    )
    if (written.sources, written.terms) != (generation.sources, generation.terms):
        raise StoreError(f"{folder} reads otherwise than it was written; check the disk")
    verify(open_snapshot(written, segmenter))
    (folder / MANIFEST).write_bytes(records.to_line(manifest) + b"\n")
    sync_folder(folder)
    folder.rename(store.generations / name)
    try:
        sync(store.generations)
        store.point_to(name)
    except OSError:
        if store.in_use() != name:  # or every attempt on a full disk would leave one more
            _hide(store.generations / name)
        raise
    return manifest


def _next_number(store: Store) -> int:
    names = store.names()
    return int(names[-1].split("-")[0]) + 1 if names else 1


def prune(store: Store, suspect: bool) -> None:
    """Keep the newest generations that can be used; `sweep` then takes what goes. Raises OSError.

    Of two that hold the same the older goes first: one whose build ended before it was put in
    use takes the place of no other. suspect: some part of the index was damaged; all of it is
    checked, so that none that can be used goes for one that cannot.
    """
    kept = [m for m in _readable(store) if _whole(store, m, suspect)]
    while len(kept) > KEEP:
        held = [(manifest.files, manifest.segments) for manifest in kept]
        kept.pop(next((i for i, one in enumerate(held) if one in held[i + 1 :]), 0))
    for name in set(store.names()) - {manifest.version for manifest in kept}:
        _hide(store.generations / name)
    sync(store.generations)


def _whole(store: Store, manifest: Manifest, suspect: bool) -> bool:
    if not suspect:
        return all(map(store.has, manifest.segments))
    try:
        store.open(manifest.version)
    except StoreError as error:
        logger.warning("%s", error)
        return False
    return True


def sweep(store: Store) -> None:
    """Remove what builds that came to no end left behind, and what `prune` let go."""
    used = {use.id for manifest in _readable(store) for use in manifest.segments}
    _remove(store.folder / FRESH_POINTER)
    for folder in (store.segments, store.generations):
        for path in folder.glob("*"):
            unused = folder == store.segments and path.name not in used
            if unused or path.name.startswith("."):
                _remove(path)


def _hide(folder: Path) -> None:
    """Take a generation away at once: while its files go one by one it would look damaged."""
    folder.rename(folder.with_name(f".old-{folder.name}"))


def _remove(path: Path) -> None:
    """A folder, or a file in its place; what cannot be removed stays until the next time."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("not removed: %s", error)


def _readable(store: Store) -> list[Manifest]:
    """Manifests of all generations of this format, oldest first."""
    found = []
    for name in store.names():
        try:
            found.append(store.manifest(name))
        except StoreError as error:  # another format, or damaged: of no use to anyone
            logger.info("%s", error)
    return found
