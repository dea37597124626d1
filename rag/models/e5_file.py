"""The form of the bundled encoder's 4-bit file.

Little endian: a header, a unigram tokenizer, then named tensors, most of them in blocks of 32
weights of 4 bits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18

Tensor = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Header:
    """Sizes of the network."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces with their log-probabilities, in the order of their ids."""

    pieces: tuple[tuple[str, float], ...]
    begin: int
    end: int
    padding: int
    unknown: int


class _Cursor:
    """Reads the file from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def raw(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def dequantise(blocks: bytes) -> Tensor:
    """4-bit blocks to float32 [32 x blocks].

    A block is 18 bytes: a float16 scale d, then 16 bytes whose low nibbles are weights 0 to 15
    and whose high nibbles are weights 16 to 31; a weight is (nibble - 8) d.
    """
    packed = np.frombuffer(blocks, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = packed[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = packed[:, 2:]
    out = np.empty((len(packed), BLOCK), np.float32)
    out[:, :16] = nibbles & 0x0F
    out[:, 16:] = nibbles >> 4
    out -= 8
    out *= scale
    return out.reshape(-1)


def read(data: bytes) -> tuple[Header, Vocabulary, Iterator[tuple[str, Tensor]]]:
    """The file's parts; tensors come flat, one at a time, under their names in the file.

    Raises ModelError where it is not such a file.
    """
    if data[:4] != MAGIC:
        raise ModelError(f"the encoder's file starts with {data[:4]!r} instead of {MAGIC!r}")
    cursor = _Cursor(data)
    cursor.raw(8)  # magic and version
    header = Header(*cursor.take("7if"))
    (block,) = cursor.take("i")
    if block != BLOCK:
        raise ModelError(f"the encoder's file has blocks of {block} weights instead of {BLOCK}")
    return header, _read_vocabulary(cursor), _read_tensors(cursor)


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, padding, unknown = cursor.take("5i")
    (length,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    blob = cursor.raw(length)
    pieces = tuple(
        (blob[start:stop].decode(), score)
        for start, stop, score in zip(offsets, offsets[1:], scores, strict=False)
    )
    _, map_bytes = cursor.take("iI")
    cursor.raw(map_bytes)  # a normalisation map: `tokenizer` does the same by rule
    return Vocabulary(pieces, begin, end, padding, unknown)


def _read_tensors(cursor: _Cursor) -> Iterator[tuple[str, Tensor]]:
    (entries,) = cursor.take("i")
    table = []
    for _ in range(entries):
        (length,) = cursor.take("H")
        name = cursor.raw(length).decode()
        table.append((name, *cursor.take("BIQQ")))
    for name, _dtype, count, offset, size in table:
        data = cursor.data[offset : offset + size]
        yield name, np.frombuffer(data, "<f4") if size == 4 * count else dequantise(data)
