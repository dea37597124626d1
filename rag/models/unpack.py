"""Bundled weights as a folder on disk: made once, shared by processes, checked at each start.

`unpacked` returns the folder, and makes it where it is missing or damaged. Of the source file
size and SHA-256 are checked before it is used. Of the folder, presence and size of each file
are checked at each start (microseconds), and hashes by `verify` alone (about a second a GB):
they find what a start cannot, bytes that changed in place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from rag.errors import ModelError
from rag.models.bundled import (
    MEGABYTE,
    BundledModel,
    join,
    missing_packages,
    nowhere,
    package_parts,
)
from rag.models.hub import hub_parts
from rag.progress import Progress, Silent

logger = logging.getLogger(__name__)

MANIFEST = "unpacked.json"
FORM = 1
"""Number of the unpacked form; raise it when what is written changes."""

Where = Literal["unpacked", "damaged", "packages", "absent"]


@dataclass(frozen=True, slots=True)
class ModelState:
    """Where a bundled model stands on this machine.

    where: `unpacked` (ready), `damaged` (made again at the next use), `packages` (installed,
    unpacked at the first use) or `absent` (from a hub, or not at all).
    """

    model: BundledModel
    where: Where
    folder: Path
    problem: str = ""


def folder_of(model: BundledModel, cache_dir: Path) -> Path:
    """Where the model is unpacked to: the name holds the hash of what it was made from."""
    return cache_dir / "models" / f"{model.name}-{model.sha256[:12]}-{FORM}"


def state(model: BundledModel, cache_dir: Path) -> ModelState:
    """Where the model stands. Reads sizes, no weights."""
    folder = folder_of(model, cache_dir)
    if folder.exists():
        problem = _damage(folder)
        return ModelState(model, "damaged" if problem else "unpacked", folder, problem)
    return ModelState(model, "absent" if missing_packages(model) else "packages", folder)


def verify(model: BundledModel, cache_dir: Path, progress: Progress | None = None) -> ModelState:
    """`state`, with the SHA-256 of every unpacked file checked too."""
    found = state(model, cache_dir)
    if found.where != "unpacked":
        return found
    files = _manifest(found.folder)
    total = sum(size for size, _ in files.values()) // MEGABYTE
    with (progress or Silent()).task("校验模型", total) as advance:
        for name, (_, sha256) in files.items():
            if _sha256(found.folder / name, advance) != sha256:
                problem = f"{found.folder / name}: SHA-256 does not match"
                return ModelState(model, "damaged", found.folder, problem)
    return found


def unpacked(model: BundledModel, cache_dir: Path, progress: Progress | None = None) -> Path:
    """The model's folder, made first where it is missing or damaged.

    Processes that ask at the same time share one conversion. Raises ModelError where the
    weights cannot be had, are altered, or do not fit on the disk.
    """
    folder = folder_of(model, cache_dir)
    if not _damage(folder):
        return folder
    shown = progress or Silent()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder, shown):
            problem = _damage(folder)  # another process may have made it meanwhile
            if problem:
                _make(model, folder, problem, shown)
    except OSError as error:
        raise ModelError(
            f"{folder.parent}: {error.strerror or error}; free space or make it writable, or "
            "set RAG_CACHE_DIR to another folder"
        ) from error
    return folder


def _make(model: BundledModel, folder: Path, problem: str, progress: Progress) -> None:
    damaged = folder.exists()
    try:
        parts = _parts(model)
    except ModelError as error:
        if not damaged:
            raise
        raise ModelError(f"{problem}; delete {folder}, it is made again. {error}") from error
    for leftover in folder.parent.glob(f".{folder.name}-*"):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    _check_space(model, folder.parent)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = work / "made"
        made.mkdir()
        converter(model)(_whole(model, parts, work, progress), made, progress)
        _write_manifest(model, made)
        if damaged:
            logger.warning("%s; it is made again", problem)
            folder.rename(work / "damaged")
        made.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def converter(model: BundledModel) -> Callable[[Path, Path, Progress], None]:
    """The function that makes a folder from a whole source file."""
    if model.kind == "encoder":
        from rag.models.unpack_encoder import unpack_encoder

        return unpack_encoder
    from rag.models.unpack_generator import unpack_generator

    return unpack_generator


def _parts(model: BundledModel) -> tuple[Path, ...]:
    if not missing_packages(model):
        return package_parts(model)
    if model.hub_file:
        return hub_parts(model)
    raise nowhere(model)


def _whole(model: BundledModel, parts: tuple[Path, ...], work: Path, progress: Progress) -> Path:
    """The checked source file: in place where it is one part, joined in `work` otherwise."""
    if len(parts) == 1:
        join(model, parts, None, progress)
        return parts[0]
    whole = work / "whole"
    join(model, parts, whole, progress)
    return whole


def _check_space(model: BundledModel, where: Path) -> None:
    needed = model.unpacked + (model.size if len(model.packages) > 1 else 0)
    free = shutil.disk_usage(where).free
    if free < needed:
        raise ModelError(
            f"{where}: {free // MEGABYTE} MB free, unpacking {model.title} takes "
            f"{needed // MEGABYTE} MB; free some or set RAG_CACHE_DIR to another disk"
        )


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the folder's lock; show it where another process has to be waited for."""
    lock = FileLock(f"{folder}.lock")
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        with progress.task("等待另一进程解包模型", 1) as advance:
            lock.acquire()
            advance(1)
    try:
        yield
    finally:
        lock.release()


def _write_manifest(model: BundledModel, folder: Path) -> None:
    files = {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "sha256": _sha256(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"model": model.name, "source_sha256": model.sha256, "form": FORM, "files": files}
    text = json.dumps(manifest, indent=2)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _manifest(folder: Path) -> Mapping[str, tuple[int, str]]:
    """Name to size and SHA-256. Raises OSError, ValueError or KeyError where it is damaged."""
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    return {name: (entry["size"], entry["sha256"]) for name, entry in files.items()}


def _damage(folder: Path) -> str:
    """What is wrong with an unpacked folder; empty where nothing is."""
    if not folder.is_dir():
        return f"{folder} is missing"
    try:
        files = _manifest(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{folder / MANIFEST} cannot be read"
    for name, (size, _) in files.items():
        path = folder / name
        if not path.is_file():
            return f"{path} is missing"
        if (found := path.stat().st_size) != size:
            return f"{path} has {found} bytes instead of {size}"
    return ""


def _sha256(path: Path, advance: Callable[[int], None] | None = None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(16 * MEGABYTE):
            digest.update(block)
            if advance:
                advance(len(block) // MEGABYTE)
    return digest.hexdigest()
