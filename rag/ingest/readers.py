"""Files of the corpus to issues: which files count, their encodings, front matter, dates."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from typing import Any

import yaml

from rag.errors import CorpusError, UnreadableFile
from rag.ingest import forms
from rag.ingest.page import parse_page
from rag.types import Article, Issue

PAGE_SUFFIXES = frozenset({".md", ".txt"})
SUFFIXES = PAGE_SUFFIXES | {".jsonl"}

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_NAME_DATE = re.compile(
    r"(?<!\d)(\d{4})(?:[-_.年](\d{1,2})[-_.月](\d{1,2})|(\d{2})(\d{2}))(?!\d|[a-f]\d)"
)
_MIN_COMMON = 0.7
BINARY = "this is a binary file, not text; remove it or convert it to .md"


def corpus_files(corpus: Path) -> list[Path]:
    """The files of a corpus folder, by name; hidden ones, pipes and devices are left out.

    What `read_issue` refuses is listed too, so that it is reported and not silently missed:
    files of unknown form, dangling links, links to folders, folders that may not be listed.
    Raises CorpusError where there is no such folder, or none that may be listed.
    """
    if not os.path.isdir(corpus):  # false, not an error, where a folder above it is locked
        raise CorpusError(f"no corpus folder {corpus}; make it or name another with --corpus")
    found: list[str] = []

    def locked(error: OSError) -> None:
        if Path(error.filename) == corpus:
            raise CorpusError(
                f"corpus folder {corpus} cannot be listed ({error.strerror}); check it"
            ) from error
        found.append(error.filename)

    for folder, folders, files in os.walk(corpus, onerror=locked):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*links, *(name for name in files if not name.startswith("."))):
            path = os.path.join(folder, name)
            if name in links or os.path.isfile(path) or not os.path.exists(path):
                found.append(path)
    return sorted(map(Path, found))


def read_issue(path: Path, corpus: Path | None = None) -> Issue:
    """One file to an issue. Its id is its path below `corpus`, without the ending.

    Raises UnreadableFile with the reason and the remedy.
    """
    name = path.relative_to(corpus) if corpus else Path(path.name)
    _check(path, name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read ({error.strerror}); check it") from error
    try:
        text = decode(data)
    except ValueError as error:
        raise UnreadableFile(path, str(error)) from error
    issue_id = name.with_suffix("").as_posix()
    if path.suffix.lower() == ".jsonl":
        return _read_rows(text, path, issue_id)
    meta, body = front_matter(text)
    issue = parse_page(
        body,
        issue_id=issue_id,
        source=name.as_posix(),
        title=str(meta.get("title") or ""),
        paper=str(meta.get("paper") or ""),
        date=parse_date(meta.get("date")) or name_date(name.stem),
        page=forms.page_number(f"{meta.get('page') or ''}版") or str(meta.get("page") or ""),
    )
    if not any(article.text or article.headline for article in issue.articles):
        raise UnreadableFile(path, "no article in it; put text into it or remove it")
    return issue


def _check(path: Path, name: Path) -> None:
    """Refuse what by its name or kind is no page. Raises UnreadableFile."""
    if printable(name) != str(name):  # an id has to be fit for JSON
        raise UnreadableFile(printable(path), "the name is not UTF-8; rename it")
    if os.path.isdir(path):
        linked = "a link to a folder is not followed; copy the folder into the corpus"
        reason = (
            linked if path.is_symlink() else "the folder cannot be listed; check its permissions"
        )
        raise UnreadableFile(path, reason)
    if path.suffix.lower() not in SUFFIXES:
        known = " ".join(sorted(SUFFIXES))
        raise UnreadableFile(path, f"unknown form {path.suffix or '(no ending)'}; use {known}")


def printable(path: Path) -> str:
    """A path with each byte that is not UTF-8 as `\\xNN`, so that it can be printed and sent."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find_issue(source: str, corpus: Path) -> Issue:
    """An issue by a file's path, or by its id in the corpus. Raises CorpusError for neither."""
    path = Path(source)
    if os.path.isfile(path):  # false, not an error, for an overlong name
        inside = corpus.is_dir() and path.resolve().is_relative_to(corpus.resolve())
        return read_issue(path.resolve(), corpus.resolve()) if inside else read_issue(path)
    for path in corpus_files(corpus):
        if path.relative_to(corpus).with_suffix("").as_posix() == source:
            return read_issue(path, corpus)
    raise CorpusError(f"no file and no issue {source} in {corpus}; see `ls {corpus}`")


def decode(data: bytes) -> str:
    """Bytes to text: UTF-8, UTF-16 with a byte order mark, or GB18030.

    GB18030 accepts almost any bytes, so its reading is believed only where most of it is
    everyday characters. Raises ValueError with the reason.
    """
    if not data.strip():
        raise ValueError("the file is empty; put text into it or remove it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16").replace("\r\n", "\n").replace("\r", "\n")
    if b"\0" in data:
        raise ValueError(BINARY)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decode_gb(data)
    if sum(c < " " and c not in "\t\n\r\f\v" for c in text) > len(text) / 100:
        raise ValueError(BINARY)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode_gb(data: bytes) -> str:
    remedy = "the encoding is not known; save the file as UTF-8 or GB18030"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise ValueError(remedy) from error
    foreign = [c for c in text if c > "\x7f"]
    if sum(map(_everyday, foreign)) < _MIN_COMMON * len(foreign):
        raise ValueError(remedy)
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


def _read_rows(text: str, path: Path, issue_id: str) -> Issue:
    articles: list[Article] = []
    for number, row in _rows(text, path):
        body = row.get("text")
        if not isinstance(body, str) or not body.strip():
            raise UnreadableFile(path, f"line {number} has no text; add it or remove the line")
        paragraphs = [line.strip() for line in body.splitlines() if line.strip()]
        day = parse_date(row.get("date")) or name_date(path.stem)
        found = forms.body_credits("\n".join(paragraphs))
        key = str(row.get("id") or number)
        digest = hashlib.sha256("\0".join((issue_id, key, *paragraphs)).encode("utf-8", "replace"))
        articles.append(
            replace(
                Article(digest.hexdigest()[:16], issue_id, str(row.get("title") or ""), ""),
                text="\n".join(paragraphs),
                reporters=found.reporters,
                correspondents=found.correspondents,
                paper=str(row.get("paper") or ""),
                date=day,
                page=str(row.get("page") or ""),
            )
        )
    if not articles:
        raise UnreadableFile(path, "no article in it; put rows into it or remove it")
    return Issue(issue_id, path.name, tuple(articles), date=name_date(path.stem))


def _rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(path, f"line {number} is not JSON; put it right") from error
        if not isinstance(row, dict):
            raise UnreadableFile(path, f"line {number} is not an object; put it right")
        yield number, row
