"""Files of the corpus to issues: which files count, and how each form is read."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from rag.errors import CorpusError, UnreadableFile
from rag.ingest import forms
from rag.ingest.archive import MAX_BYTES, member_path, open_archive, read_member
from rag.ingest.docx import read_docx
from rag.ingest.html import read_html
from rag.ingest.page import parse_page
from rag.ingest.pdf import read_pdf
from rag.ingest.rows import read_rows
from rag.ingest.text import BINARY as BINARY
from rag.ingest.text import decode as decode
from rag.ingest.text import front_matter as front_matter
from rag.ingest.text import name_date as name_date
from rag.ingest.text import parse_date, path_date
from rag.types import Issue, Unreadable

# What a form gives: facts of the issue (title, paper, date, page, author) and the page's lines.
Read = tuple[dict[str, Any], str]


def _read_text(data: bytes) -> Read:
    return front_matter(decode(data))


def _read_html(data: bytes) -> Read:
    return read_html(decode(data))


# Each takes a file's bytes and raises ValueError with the reason and the remedy.
_PAGES: dict[str, Callable[[bytes], Read]] = {
    ".md": _read_text,
    ".txt": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
_ARCHIVE = ".zip"
SUFFIXES = frozenset({*_PAGES, ".jsonl", _ARCHIVE})


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


def read_issues(path: Path, corpus: Path | None = None) -> tuple[list[Issue], list[Unreadable]]:
    """The issues of one file, several in an archive, and what cannot be read of it.

    Never raises: a file that cannot be read, or a member of an archive, is named with the
    reason and the remedy, by its path below `corpus`.
    """
    name = path.relative_to(corpus) if corpus else Path(path.name)
    try:
        if path.suffix.lower() == _ARCHIVE:
            return _read_archive(_data(path, name), name)
        return [read_issue(path, corpus)], []
    except UnreadableFile as error:
        return [], [Unreadable(printable(name), error.reason)]
    except ValueError as error:
        return [], [Unreadable(printable(name), str(error))]


def read_issue(path: Path, corpus: Path | None = None) -> Issue:
    """A file that holds one issue. Its id is its path below `corpus`, without the ending.

    Raises UnreadableFile with the reason and the remedy, for an archive too.
    """
    name = path.relative_to(corpus) if corpus else Path(path.name)
    data = _data(path, name)
    if path.suffix.lower() == _ARCHIVE:
        raise UnreadableFile(path, "an archive may hold several issues; name one of them")
    try:
        return _issue(data, name, name.with_suffix("").as_posix())
    except ValueError as error:
        raise UnreadableFile(path, str(error)) from error


def _data(path: Path, name: Path) -> bytes:
    """A file's bytes. Raises UnreadableFile where by name, kind or size it is no page."""
    _check(path, name)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read ({error.strerror}); check it") from error
    if len(data) > MAX_BYTES:
        raise UnreadableFile(path, f"larger than {MAX_BYTES // 10**6} MB; split it")
    if not data.strip():
        raise UnreadableFile(path, "the file is empty; put text into it or remove it")
    return data


def _issue(data: bytes, name: PurePath, issue_id: str) -> Issue:
    """name: the file's path below the corpus. Raises ValueError with reason and remedy."""
    suffix = name.suffix.lower()
    if suffix == ".jsonl":
        return read_rows(decode(data), name, issue_id)
    facts, lines = _PAGES[suffix](data)
    issue = parse_page(
        lines,
        issue_id=issue_id,
        source=name.as_posix(),
        title=str(facts.get("title") or ""),
        paper=str(facts.get("paper") or ""),
        date=parse_date(facts.get("date")) or path_date(name),
        page=forms.page_number(f"{facts.get('page') or ''}版") or str(facts.get("page") or ""),
    )
    if not any(article.text or article.headline for article in issue.articles):
        raise ValueError("no article in it; put text into it or remove it")
    return _credited(issue, facts.get("author"))


def _credited(issue: Issue, author: object) -> Issue:
    """The issue, with the author that its file names where its only article has no byline."""
    article = issue.articles[0]
    named = article.byline or article.reporters or article.correspondents
    if not isinstance(author, str) or named or len(issue.articles) > 1:
        return issue
    credits = forms.byline_credits(author)
    credited = replace(
        article,
        byline=author,
        reporters=credits.reporters,
        correspondents=credits.correspondents,
    )
    return replace(issue, articles=(credited,))


def _read_archive(data: bytes, name: Path) -> tuple[list[Issue], list[Unreadable]]:
    """Each member of an archive as a file of a folder named as the archive is.

    Raises ValueError where the archive itself cannot be read, or holds nothing.
    """
    issues: list[Issue] = []
    unreadable: list[Unreadable] = []
    archive = open_archive(data)
    for member in archive.infolist():
        shown = ascii(member.filename)[1:-1]
        try:
            inner = member_path(member)
            shown = inner.as_posix()
            if not member.is_dir() and not _hidden(inner):
                issues.append(_member(archive, member, name, inner))
        except ValueError as error:
            unreadable.append(Unreadable(f"{printable(name)}/{shown}", str(error)))
    if not issues and not unreadable:
        raise ValueError("no page in it; put pages into it or remove it")
    return issues, unreadable


def _hidden(inner: PurePath) -> bool:
    """Whether a member is one that packers add."""
    return any(part.startswith((".", "__MACOSX")) for part in inner.parts)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: Path, inner: PurePath
) -> Issue:
    suffix = inner.suffix.lower()
    if suffix == _ARCHIVE:
        raise ValueError("an archive in an archive; unpack it")
    if suffix not in SUFFIXES:
        raise ValueError(_unknown_form(suffix))
    issue_id = (name.with_suffix("") / inner.with_suffix("")).as_posix()
    return _issue(read_member(archive, member), name / inner, issue_id)


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
        raise UnreadableFile(path, _unknown_form(path.suffix))


def _unknown_form(suffix: str) -> str:
    return f"unknown form {suffix or '(no ending)'}; use {' '.join(sorted(SUFFIXES))}"


def printable(path: Path) -> str:
    """A path with each byte that is not UTF-8 as `\\xNN`, so that it can be printed and sent."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find_issue(source: str, corpus: Path) -> Issue:
    """An issue by a file's path, or by its id in the corpus.

    Raises CorpusError for neither and for an archive of several issues, which have ids.
    """
    path = Path(source)
    if os.path.isfile(path):  # false, not an error, for an overlong name
        inside = corpus.is_dir() and path.resolve().is_relative_to(corpus.resolve())
        path, below = (path.resolve(), corpus.resolve()) if inside else (path, None)
        return _only(path, below) if path.suffix.lower() == _ARCHIVE else read_issue(path, below)
    for path in corpus_files(corpus):
        name = path.relative_to(corpus).with_suffix("").as_posix()
        if path.suffix.lower() != _ARCHIVE and name == source:
            return read_issue(path, corpus)
        if path.suffix.lower() == _ARCHIVE and f"{source}/".startswith(f"{name}/"):
            if name == source:
                return _only(path, corpus)
            for issue in read_issues(path, corpus)[0]:
                if issue.id == source:
                    return issue
    raise CorpusError(f"no file and no issue {source} in {corpus}; see `ls {corpus}`")


def _only(path: Path, corpus: Path | None) -> Issue:
    """The issue of an archive that holds one."""
    issues, unreadable = read_issues(path, corpus)
    if len(issues) == 1:
        return issues[0]
    if not issues:
        raise UnreadableFile(path, unreadable[0].reason)
    ids = " ".join(issue.id for issue in issues[:3])
    raise CorpusError(f"{path} holds {len(issues)} issues; name one by its id, such as {ids}")
