"""Generations on disk, written so that a reader never sees half of one.

    index/CURRENT                     the name of the generation in use
    index/generations/NAME/           articles.jsonl  passages.jsonl  terms.txt
                                      vectors.faiss   bm25/           manifest.json

A generation is written under a temporary name, its manifest last (with the SHA-256 of every
other file), renamed into place, and only then does `CURRENT` point to it, by another rename.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.errors import IndexDamaged, IndexMismatch, IndexMissing, StoreError
from rag.index import records
from rag.index.dense import DenseIndex
from rag.index.snapshot import Snapshot
from rag.index.sparse import SparseIndex
from rag.index.words import Segmenter
from rag.types import Article, Manifest, Passage

MANIFEST = "manifest.json"
REBUILD = "run `rag build --full`"
KEEP = 3


class Store:
    """The folder of an index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._generations = folder / "generations"
        self._pointer = folder / "CURRENT"

    def current(self) -> str:
        """Name of the generation in use.

        Raises IndexMissing where nothing was built, IndexDamaged for an unusable pointer.
        """
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise IndexMissing(f"no index in {self.folder}; run `rag build`") from None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamaged(f"{self._pointer} cannot be read; {REBUILD}") from error
        if not name or Path(name).name != name or not (self._generations / name).is_dir():
            raise IndexDamaged(f"{self._pointer} names no generation; {REBUILD}")
        return name

    def manifest(self, name: str | None = None) -> Manifest:
        """Of a generation, else of the one in use. Raises as `current`, and IndexDamaged."""
        path = self._generations / (name or self.current()) / MANIFEST
        try:
            return records.read_manifest(path)
        except FileNotFoundError:
            raise IndexDamaged(f"{path} is missing: half-written; {REBUILD}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDamaged(f"{path} is corrupted; {REBUILD}") from error

    def names(self) -> list[str]:
        """All generations, oldest first."""
        if not self._generations.is_dir():
            return []
        return sorted(p.name for p in self._generations.iterdir() if re.match(r"\d{6}-", p.name))

    def size(self, name: str) -> int:
        """Bytes of a generation on disk."""
        return sum(f.stat().st_size for f in (self._generations / name).rglob("*") if f.is_file())

    def load(self, cache_dir: Path, encoder: str | None = None) -> Snapshot:
        """The generation in use, checked against its manifest.

        encoder: the name that it must have been built with; None takes any. Raises
        IndexMissing, IndexDamaged (naming the file) or IndexMismatch.
        """
        name = self.current()
        manifest = self.manifest(name)
        if encoder is not None and manifest.encoder != encoder:
            raise IndexMismatch(
                f"the index in {self.folder} was built with encoder {manifest.encoder}, "
                f"not {encoder}; {REBUILD} or set RAG_ENCODER back"
            )
        folder = self._generations / name
        check_files(folder, manifest)
        try:
            articles = records.read_articles(folder / "articles.jsonl")
            passages = records.read_passages(folder / "passages.jsonl")
            terms = (folder / "terms.txt").read_text(encoding="utf-8").splitlines()
            dense = DenseIndex.load(folder / "vectors.faiss")
            sparse = SparseIndex.load(folder / "bm25")
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise IndexDamaged(f"{folder} cannot be loaded ({error}); {REBUILD}") from error
        counts = {len(passages), len(dense), len(sparse), manifest.passages}
        if len(counts) != 1 or len(articles) != manifest.articles:
            raise IndexDamaged(f"{folder}: its files disagree in their counts; {REBUILD}")
        return Snapshot(manifest, articles, passages, dense, sparse, Segmenter(terms, cache_dir))

    def write(
        self,
        articles: Sequence[Article],
        passages: Sequence[Passage],
        terms: Sequence[str],
        dense: DenseIndex,
        sparse: SparseIndex,
        describe: Callable[[str, dict[str, str]], Manifest],
    ) -> Manifest:
        """Write a generation and put it in use.

        describe: gets the generation's name and its files' hashes, gives the manifest.
        Raises StoreError where the folder cannot be written; the generation in use stays.
        """
        folder = self._generations / f".new-{os.getpid()}"
        try:
            self._generations.mkdir(parents=True, exist_ok=True)
            for left in self._generations.glob(".new-*"):  # of builds that were killed
                shutil.rmtree(left, ignore_errors=True)
            folder.mkdir()
            records.write_lines(folder / "articles.jsonl", articles)
            records.write_lines(folder / "passages.jsonl", passages)
            (folder / "terms.txt").write_text("".join(f"{t}\n" for t in terms), encoding="utf-8")
            dense.save(folder / "vectors.faiss")
            sparse.save(folder / "bm25")
            files = hash_files(folder, _files(folder))
            digest = hashlib.sha256("".join(sorted(files.values())).encode()).hexdigest()
            name = f"{self._next_number():06d}-{digest[:8]}"
            manifest = describe(name, files)
            records.write_lines(folder / MANIFEST, [manifest])
            folder.rename(self._generations / name)
            self._point_to(name)
        except (OSError, RuntimeError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise StoreError(f"cannot write the index in {self.folder}: {error}") from error
        self._prune()
        return manifest

    def _next_number(self) -> int:
        names = self.names()
        return int(names[-1].split("-")[0]) + 1 if names else 1

    def _point_to(self, name: str) -> None:
        fresh = self._pointer.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as out:
            out.write(name + "\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._pointer)

    def _prune(self) -> None:
        for name in self.names()[:-KEEP]:
            shutil.rmtree(self._generations / name, ignore_errors=True)


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its hash. Raises IndexDamaged naming the first that differs."""
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise IndexDamaged(f"{path} is missing; {REBUILD}")
        if sha256(path) != digest:
            raise IndexDamaged(f"{path} is corrupted; {REBUILD}")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def hash_files(folder: Path, files: Sequence[Path]) -> dict[str, str]:
    """Path below `folder` to SHA-256, for every file that can be read."""
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
