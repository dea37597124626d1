"""Generations on disk, written so that a reader never sees half of one.

    index/CURRENT                   the name of the generation in use
    index/segments/ID/              see `rag.index.segment`; shared between generations
    index/generations/NAME/         sources.jsonl  terms.txt  manifest.json
    index/.lock                     held while a build is at work

Whatever is written is synced under a temporary name and renamed into place: segments, then the
generation (its manifest last, once it has stood its check), and only then `CURRENT`.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexDamaged, IndexMismatch, IndexMissing, StoreBusy, StoreError
from rag.index import records
from rag.index.files import make_folder, sync
from rag.index.generation import Generation
from rag.index.segment import REBUILD, Segment, check, check_files
from rag.index.snapshot import Snapshot
from rag.index.words import Segmenter
from rag.types import Manifest, SegmentUse

logger = logging.getLogger(__name__)

MANIFEST, SOURCES, TERMS = "manifest.json", "sources.jsonl", "terms.txt"
FRESH_POINTER = "CURRENT.new"
LOCK_SECONDS = 3.0
_BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError)


class Store:
    """The folder of an index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generations = folder / "generations"
        self.segments = folder / "segments"
        self._pointer = folder / "CURRENT"

    def current(self) -> str:
        """Name of the generation in use.

        Raises IndexMissing where nothing was built, IndexDamaged for an unusable pointer.
        """
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            if self.names():
                raise IndexDamaged(f"{self._pointer} is missing; {REBUILD}") from None
            raise IndexMissing(f"no index in {self.folder}; {REBUILD}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamaged(f"{self._pointer} cannot be read; {REBUILD}") from error
        if not name or Path(name).name != name or not (self.generations / name).is_dir():
            raise IndexDamaged(f"{self._pointer} names no generation; {REBUILD}")
        return name

    def in_use(self) -> str | None:
        """As `current`, None where nothing can be used."""
        try:
            return self.current()
        except StoreError:
            return None

    def manifest(self, name: str | None = None) -> Manifest:
        """Of a generation, else of the one in use.

        Raises as `current`, IndexDamaged, and IndexMismatch for another format.
        """
        path = self.generations / (name or self.current()) / MANIFEST
        try:
            return records.read_manifest(path)
        except FileNotFoundError:
            raise IndexDamaged(f"{path} is missing: half-written; {REBUILD}") from None
        except _BROKEN as error:
            raise IndexDamaged(f"{path} is corrupted; {REBUILD}") from error

    def sources(self, manifest: Manifest) -> tuple[records.Source, ...]:
        """What a generation was built from. Raises IndexDamaged."""
        folder = self.generations / manifest.version
        check_files(folder, manifest.files)
        return _sources(folder)

    def names(self) -> list[str]:
        """All generations, oldest first."""
        if not self.generations.is_dir():
            return []
        return sorted(p.name for p in self.generations.iterdir() if re.match(r"\d{6}-", p.name))

    def has(self, use: SegmentUse) -> bool:
        """Whether a segment's folder is there."""
        return (self.segments / use.id).is_dir()

    def size(self, manifest: Manifest) -> int:
        """Bytes of a generation on disk, with its segments, which others may share."""
        folders = [self.segments / use.id for use in manifest.segments]
        folders.append(self.generations / manifest.version)
        return sum(f.stat().st_size for folder in folders for f in folder.glob("*"))

    def open(
        self, name: str, known: Mapping[str, Segment] | None = None, mend: bool = False
    ) -> Generation:
        """A generation, checked against its manifest.

        known: segments that are open already. mend: leave out segments that are damaged.
        Raises IndexDamaged (naming the file) or IndexMismatch.
        """
        manifest = self.manifest(name)
        sources = self.sources(manifest)
        segments, damaged = [], False
        for use in manifest.segments:
            try:
                opened = (known or {}).get(use.id)
                if opened is not None and mend:
                    check(self.segments / use.id, use.id)
                segments.append(opened or Segment.open(self.segments / use.id))
            except IndexDamaged as error:
                if not mend:
                    raise
                logger.warning("%s", error)
                damaged = True
        terms = read_terms(self.generations / name)
        return Generation(manifest, sources, terms, tuple(segments), damaged)

    def load(
        self,
        cache_dir: Path,
        encoder: str | None = None,
        previous: Snapshot | None = None,
        name: str | None = None,
    ) -> Snapshot:
        """A generation, else the one in use, checked against its manifest.

        encoder: the name that it must have been built with; None takes any. previous: an
        earlier snapshot, whose segments are not opened again. Raises IndexMissing,
        IndexDamaged (naming the file) or IndexMismatch.
        """
        name = name or self.current()
        manifest = self.manifest(name)
        if encoder is not None and manifest.encoder != encoder:
            raise IndexMismatch(
                f"the index in {self.folder} was built with encoder {manifest.encoder}, "
                f"not {encoder}; {REBUILD} or set RAG_ENCODER back"
            )
        generation = self.open(name, previous.segments if previous else None)
        return open_snapshot(generation, Segmenter(generation.terms, cache_dir, generation.terms))

    def rollback(self) -> Manifest:
        """Put the generation before the one in use in use again; the newest where none is.

        Raises StoreError where there is none that can be used; nothing is changed then.
        """
        with self.lock():
            current = self.in_use()
            for name in reversed([n for n in self.names() if current is None or n < current]):
                try:
                    manifest = self.open(name).manifest
                except (IndexDamaged, IndexMismatch) as error:
                    logger.warning("passed over %s: %s", name, error)
                    continue
                try:
                    self.point_to(name)
                except OSError as error:
                    raise unwritable(self.folder, error) from error
                return manifest
        raise StoreError(f"no generation to go back to in {self.folder}; {REBUILD} instead")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other builder out. The system frees it when the process ends.

        Raises StoreBusy where another has it, StoreError where the folder cannot be written.
        """
        path = self.folder / ".lock"
        lock = FileLock(path)
        try:
            make_folder(self.folder)
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise StoreBusy(
                f"another build is at work in {self.folder}; wait for its end and try again"
            ) from None
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def point_to(self, name: str) -> None:
        """Put a generation in use. Raises OSError."""
        fresh = self.folder / FRESH_POINTER
        fresh.write_text(f"{name}\n", encoding="utf-8")
        sync(fresh)
        if self._pointer.is_dir():  # no file can be renamed to a folder's name
            shutil.rmtree(self._pointer)
        fresh.replace(self._pointer)
        sync(self.folder)


def unwritable(folder: Path, error: OSError) -> StoreError:
    """What to say where the disk is full or the folder may not be written."""
    return StoreError(
        f"cannot write the index in {folder}: {error}; free some space or make it writable, and "
        f"{REBUILD} again"
    )


def open_snapshot(generation: Generation, segmenter: Segmenter) -> Snapshot:
    """The generation in memory. Raises IndexDamaged where its parts do not fit together."""
    manifest = generation.manifest
    try:
        snapshot = Snapshot(generation, segmenter)
    except _BROKEN as error:
        raise IndexDamaged(
            f"generation {manifest.version} cannot be loaded ({error}); {REBUILD}"
        ) from error
    if (len(snapshot.articles), len(snapshot.passages)) != (manifest.articles, manifest.passages):
        raise IndexDamaged(f"generation {manifest.version} lacks articles; {REBUILD}")
    return snapshot


def read_terms(folder: Path) -> dict[str, int]:
    """Of a generation's folder, which was checked. Raises IndexDamaged."""
    try:
        lines = (folder / TERMS).read_text(encoding="utf-8").splitlines()
        return {term: int(frequency) for term, frequency in (line.split("\t") for line in lines)}
    except _BROKEN as error:
        raise IndexDamaged(f"{folder / TERMS} is corrupted; {REBUILD}") from error


def _sources(folder: Path) -> tuple[records.Source, ...]:
    try:
        return records.read_sources(folder / SOURCES)
    except _BROKEN as error:
        raise IndexDamaged(f"{folder / SOURCES} is corrupted; {REBUILD}") from error
