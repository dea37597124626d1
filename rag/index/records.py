"""Records to JSON and back, for the files of an index."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from pathlib import Path

from rag.errors import IndexMismatch
from rag.index.files import Lines, write_bytes_lines
from rag.types import Article, Manifest, Passage, Section, SegmentUse, Unreadable

FORMAT = 4
"""Of the files of an index. Raise it when they change, or the cut of words does."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus as it was read.

    sha256: of its bytes; empty where it could not be opened. articles: id and `key` of the
    record of each, in the order of the file; terms: what it teaches the segmenter. issues: how
    many it holds, several in an archive. unreadable: what could not be read of it, and why.
    """

    file: str
    sha256: str
    articles: tuple[tuple[str, str], ...] = ()
    terms: tuple[str, ...] = ()
    issues: int = 0
    unreadable: tuple[Unreadable, ...] = ()


def to_json(record: object) -> str:
    """One line of JSON for a record; dates in ISO form."""
    return json.dumps(record, ensure_ascii=False, default=_plain)


def to_line(record: object) -> bytes:
    """`to_json` in UTF-8."""
    return to_json(record).encode("utf-8", "surrogatepass")


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):  # `asdict` copies all that is in it, and takes ten times as long
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def read_article(line: bytes) -> Article:
    """Raises ValueError, KeyError or TypeError where the line is not as written."""
    row = json.loads(line.decode("utf-8", "surrogatepass"))
    row["sections"] = tuple(Section(**section) for section in row["sections"])
    for names in ("reporters", "correspondents"):
        row[names] = tuple(row[names])
    row["date"] = date.fromisoformat(row["date"]) if row["date"] else None
    return Article(**row)


def read_passage(line: bytes) -> Passage:
    """Raises as `read_article`."""
    return Passage(**json.loads(line.decode("utf-8", "surrogatepass")))


def write_sources(path: Path, sources: tuple[Source, ...]) -> None:
    """One file of the corpus a line."""
    write_bytes_lines(path, map(to_line, sources))


def read_sources(path: Path) -> tuple[Source, ...]:
    """Raises as `read_article`, and OSError."""
    sources = []
    for line in Lines(path):
        row = json.loads(line.decode("utf-8", "surrogatepass"))
        row["articles"] = tuple((name, key) for name, key in row["articles"])
        row["terms"] = tuple(row["terms"])
        row["unreadable"] = tuple(Unreadable(**item) for item in row["unreadable"])
        sources.append(Source(**row))
    return tuple(sources)


def read_manifest(path: Path) -> Manifest:
    """Raises as `read_sources`, and IndexMismatch for another format."""
    row = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    if row.get("format", 0) != FORMAT:
        raise IndexMismatch(
            f"{path.parent} is of format {row.get('format', 0)}, this program reads {FORMAT}; "
            "run `rag build`"
        )
    row["unreadable"] = tuple(Unreadable(**item) for item in row["unreadable"])
    row["segments"] = tuple(
        SegmentUse(str(s["id"]), tuple(map(int, s["removed"]))) for s in row["segments"]
    )
    manifest = Manifest(**row)
    if manifest.version != path.parent.name:
        raise ValueError("it is of another generation")
    if not isinstance(manifest.files, dict) or not manifest.files or not manifest.segments:
        raise ValueError("it lists no files or no segments")
    if not manifest.version.endswith(f"-{manifest_digest(manifest)}"):
        raise ValueError("it is not what was written")
    return manifest


def manifest_digest(manifest: Manifest) -> str:
    """8 hex digits of the SHA-256 of all of a manifest but its name, which ends with them."""
    return hashlib.sha256(to_line(replace(manifest, version=""))).hexdigest()[:8]
