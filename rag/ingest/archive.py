"""Zip archives in memory: what they hold, under limits, and nothing written to disk.

Every function raises ValueError with the reason and the remedy.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

MAX_MEMBERS = 500
MAX_BYTES = 50_000_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 200
_SMALL = 1_000_000  # below this many bytes unpacked, any ratio is harmless

_ENCRYPTED = 0x1
_UTF8 = 0x800
_DIRECTORY_ENTRY = b"PK\x01\x02"
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError)


def open_archive(data: bytes) -> zipfile.ZipFile:
    """An archive whose members, all together, keep to the limits.

    At most `MAX_MEMBERS` members, `MAX_UNPACKED` bytes and `MAX_RATIO` times the packed size.
    """
    damaged = "the archive is damaged; pack it anew"
    if data.count(_DIRECTORY_ENTRY) > 40 * MAX_MEMBERS:  # before a long directory is read
        raise ValueError(f"more than {MAX_MEMBERS} members; split the archive")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (*_DAMAGED, ValueError, OverflowError) as error:
        raise ValueError(damaged) from error
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"more than {MAX_MEMBERS} members; split the archive")
    if unpacked > MAX_UNPACKED:
        raise ValueError(f"more than {MAX_UNPACKED // 10**6} MB unpacked; split the archive")
    if unpacked > max(_SMALL, MAX_RATIO * len(data)):
        raise ValueError(f"packed more than {MAX_RATIO} times, like a zip bomb; pack it anew")
    return archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, at most `MAX_BYTES`."""
    if member.flag_bits & _ENCRYPTED:
        raise ValueError("encrypted; pack it anew without a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("an unusual compression; pack it anew as a common zip")
    if member.file_size > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES // 10**6} MB unpacked; split it")
    try:
        with archive.open(member) as stream:
            return stream.read(MAX_BYTES)  # never more than the size that was checked above
    except (*_DAMAGED, ValueError, RuntimeError) as error:
        raise ValueError("the archive is damaged here; pack it anew") from error


def member_path(member: zipfile.ZipInfo) -> PurePosixPath:
    """Where a member lies in its archive; names in GBK are read as such.

    Packers for Chinese Windows write GBK and others UTF-8 without saying so, and `zipfile`
    takes both for code page 437.
    """
    name = member.filename
    if not member.flag_bits & _UTF8:
        try:
            name = _chinese(name.encode("cp437"))
        except UnicodeEncodeError:  # `zipfile` had the name from an extra field
            name = member.filename
    path = PurePosixPath(name.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or ":" in name
    if outside or not name.isprintable() or not path.parts:
        raise ValueError("a name that leads out of the archive or cannot be printed; rename it")
    return path


def _chinese(name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("cp437")
