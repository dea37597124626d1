"""Records to JSON and back, for the files of a generation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rag.types import Article, Manifest, Passage, Section, Unreadable


def to_json(record: object) -> str:
    """One line of JSON for a record; dates in ISO form."""
    plain = asdict(record) if is_dataclass(record) and not isinstance(record, type) else record
    return json.dumps(plain, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def write_lines(path: Path, records: Iterable[object]) -> None:
    """One record a line."""
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="\n") as out:
        out.writelines(to_json(record) + "\n" for record in records)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="surrogatepass", newline="\n") as lines:
        for line in lines:
            yield json.loads(line)


def read_articles(path: Path) -> list[Article]:
    """Raises OSError, ValueError, KeyError or TypeError where the file is not as written."""
    articles = []
    for row in _rows(path):
        row["sections"] = tuple(Section(**section) for section in row["sections"])
        for names in ("reporters", "correspondents"):
            row[names] = tuple(row[names])
        row["date"] = date.fromisoformat(row["date"]) if row["date"] else None
        articles.append(Article(**row))
    return articles


def read_passages(path: Path) -> list[Passage]:
    """Raises as `read_articles`."""
    return [Passage(**row) for row in _rows(path)]


def read_manifest(path: Path) -> Manifest:
    """Raises as `read_articles`."""
    row = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    row["unreadable"] = tuple(Unreadable(**item) for item in row["unreadable"])
    manifest = Manifest(**row)
    if not isinstance(manifest.files, dict) or not manifest.files:
        raise ValueError("it lists no files")
    return manifest
