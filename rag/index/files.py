"""Files of the index: hashed, written so that they outlive a power cut, read by line."""

from __future__ import annotations

import hashlib
import mmap
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

MAP_FROM = 64 << 20
"""Bytes from which a file is memory-mapped. Smaller ones are read whole: a process that maps a
file dies (SIGBUS) where somebody cuts it short."""
_BLOCK = 1 << 24
_SETTLED_NS = 2_000_000_000
"""Age from which the time of a file tells one content from the next (clocks of file systems
tick in milliseconds)."""


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def settled_sha256(path: Path) -> str:
    """As `sha256`, remembered in this process for as long as the file's size and time stay."""
    stat = path.stat()
    if time.time_ns() - stat.st_mtime_ns < _SETTLED_NS:
        return sha256(path)
    return _remembered(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@lru_cache(maxsize=4096)
def _remembered(path: Path, *_state: int) -> str:
    return sha256(path)


def hash_files(folder: Path) -> dict[str, str]:
    """Name to SHA-256 for every file of a folder."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir())}


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything that follows."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """`sync` for every file of a folder, then the folder."""
    for path in folder.iterdir():
        sync(path)
    sync(folder)


def make_folder(folder: Path) -> None:
    """A folder with those above it, each of which stays known after a power cut."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def write_bytes_lines(path: Path, lines: Iterable[bytes]) -> None:
    """One record a line; no line holds a line break."""
    with path.open("wb") as out:
        out.writelines(line + b"\n" for line in lines)


def load_array(path: Path) -> NDArray[np.generic]:
    """A `.npy` file, a large one memory-mapped. Raises OSError or ValueError; no pickle."""
    large = path.stat().st_size >= MAP_FROM
    array: NDArray[np.generic] = np.load(path, "r" if large else None, allow_pickle=False)
    return array


class Lines(Sequence[bytes]):
    """Lines of a file, in memory where it is small, else memory-mapped."""

    def __init__(self, path: Path) -> None:
        self._data: bytes | mmap.mmap = b""
        if path.stat().st_size >= MAP_FROM:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        else:
            self._data = path.read_bytes()
        data = np.frombuffer(self._data, np.uint8)
        blocks = range(0, len(data), _BLOCK)
        ends = [np.flatnonzero(data[at : at + _BLOCK] == ord("\n")) + at + 1 for at in blocks]
        self._starts = np.concatenate([np.zeros(1, np.int64), *ends])

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> list[bytes]: ...
    def __getitem__(self, row: int | slice) -> bytes | list[bytes]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if not 0 <= row < len(self):
            raise IndexError(row)
        return bytes(self._data[int(self._starts[row]) : int(self._starts[row + 1]) - 1])


class View(Sequence[T], Generic[T]):
    """A sequence whose items are made when they are asked for."""

    def __init__(self, length: int, item: Callable[[int], T]) -> None:
        self._length = length
        self._item = item

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> list[T]: ...
    def __getitem__(self, row: int | slice) -> T | list[T]:
        if isinstance(row, slice):
            return [self._item(i) for i in range(*row.indices(self._length))]
        if not -self._length <= row < self._length:
            raise IndexError(row)
        return self._item(row % self._length)

    def __iter__(self) -> Iterator[T]:
        return map(self._item, range(self._length))
