"""Bytes to text, and what a text says of itself: encodings, front matter, dates."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import PurePath
from typing import Any

import yaml

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_NAME_DATE = re.compile(
    r"(?<!\d)(\d{4})(?:[-_.年](\d{1,2})[-_.月](\d{1,2})|(\d{2})(\d{2}))(?!\d|[a-f]\d)"
)
_MIN_COMMON = 0.7
_UNKNOWN = "the encoding is not known; save the file as UTF-8 or GB18030"
BINARY = "this is a binary file, not text; remove it or convert it to .md"


def decode(data: bytes) -> str:
    """Bytes to text: UTF-8, UTF-16 with a byte order mark, or GB18030.

    GB18030 accepts almost any bytes, so its reading is believed only where most of it is
    everyday characters. Raises ValueError with the reason.
    """
    if not data.strip():
        raise ValueError("the file is empty; put text into it or remove it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _lines(_decode_utf16(data))
    if b"\0" in data:
        raise ValueError(BINARY)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decode_gb(data)
    if sum(c < " " and c not in "\t\n\r\f\v" for c in text) > len(text) / 100:
        raise ValueError(BINARY)
    return _lines(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode_utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise ValueError(_UNKNOWN) from error


def _decode_gb(data: bytes) -> str:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise ValueError(_UNKNOWN) from error
    foreign = [c for c in text if c > "\x7f"]
    if sum(map(_everyday, foreign)) < _MIN_COMMON * len(foreign):
        raise ValueError(_UNKNOWN)
    return text


def _everyday(character: str) -> bool:
    """Whether a character is of the first level of GB 2312 (3,755 characters), or a mark."""
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The YAML between two lines of `---` at the top, and what follows it.

    What is not a mapping in YAML is left in the text, so that nothing is lost.
    """
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        meta = yaml.safe_load(match.group(1))
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: 2024-02-30
        return {}, text
    return (meta, text[match.end() :]) if isinstance(meta, dict) else ({}, text)


def parse_date(value: object) -> Date | None:
    """A date of front matter or of a row: a date, or text such as 2024-09-18, 2024年9月18日."""
    if isinstance(value, Date):
        return Date(value.year, value.month, value.day)
    return name_date(value) if isinstance(value, str) else None


def name_date(name: str) -> Date | None:
    """The date in a file name (2024-09-18, 20240918, 2024年9月18日), if it is one."""
    for year, month, day, month2, day2 in _NAME_DATE.findall(name):
        try:
            return Date(int(year), int(month or month2), int(day or day2))
        except ValueError:  # digits that are no date, such as a part of a hash
            continue
    return None


def path_date(name: PurePath) -> Date | None:
    """The date in a file's name, else in that of the nearest folder or archive it is in."""
    return next(filter(None, map(name_date, (name.stem, *reversed(name.parts[:-1])))), None)
