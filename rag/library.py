"""The corpus as the page changes it: a file is looked at before it is taken in, none is lost.

What is taken in comes by one rename, so that no reader ever sees half a file. What is removed or
replaced is moved to the hidden folder `.removed` of the corpus, from where it can be put back.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from rag.config import Settings
from rag.errors import CorpusError, UnreadableFile
from rag.index.files import make_folder, sync
from rag.ingest.readers import SUFFIXES, corpus_files, printable, read_issues
from rag.types import Issue, Unreadable

REMOVED = ".removed"
LONGEST = 180
"""Bytes of a file's name; file systems take 255, and a number may be added."""
_OUTSIDE = re.compile(r'[<>:"|?*]')  # what Windows has in no name
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?![^. ])", re.IGNORECASE)  # Windows's own

Held = Literal["", "same", "other"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would bring. name: made safe, as it would be taken in.

    held: what the corpus has under that name already: nothing, the same bytes, or other ones.
    """

    name: str
    issues: tuple[Issue, ...]
    unreadable: tuple[Unreadable, ...]
    held: Held = ""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of the corpus, by their paths below it, and which of them hold an issue."""

    names: frozenset[str]
    by_stem: Mapping[str, tuple[str, ...]]

    def of_issue(self, issue_id: str) -> tuple[str, ...]:
        """The files that hold an issue: several where they differ in their endings alone."""
        if issue_id in self.by_stem:
            return self.by_stem[issue_id]
        for folder in PurePosixPath(issue_id).parents:
            found = self.by_stem.get(folder.as_posix(), ())
            if archives := tuple(name for name in found if name.lower().endswith(".zip")):
                return archives
        return ()

    def of(self, source: str) -> str:
        """The file that a source is, or is a member of; empty where it is gone."""
        places = (source, *(folder.as_posix() for folder in PurePosixPath(source).parents))
        return next((place for place in places if place in self.names), "")


class Library:
    """The corpus folder of some settings."""

    def __init__(self, settings: Settings) -> None:
        self.corpus = settings.corpus
        self.largest = settings.upload_mb * 10**6
        self._turn = threading.Lock()

    def files(self) -> Files:
        """What lies in the corpus now; nothing where there is no folder yet."""
        listed = corpus_files(self.corpus) if self.corpus.is_dir() else []
        by_stem: dict[str, tuple[str, ...]] = {}
        names = []
        for path in listed:
            below = path.relative_to(self.corpus)
            names.append(printable(below))
            stem = printable(below.with_suffix(""))
            by_stem[stem] = (*by_stem.get(stem, ()), names[-1])
        return Files(frozenset(names), by_stem)

    def preview(self, name: str, data: bytes) -> Preview:
        """Read a file as a build would, without taking it in.

        Raises UnreadableFile where by its name or size it cannot be taken in.
        """
        safe = self.checked(name, data)
        # hidden, so that it is no part of a corpus wherever the system keeps such folders
        with _told(safe), tempfile.TemporaryDirectory(prefix=".rag-") as folder:
            path = Path(folder) / safe
            path.write_bytes(data)
            issues, unreadable = read_issues(path, path.parent)
            return Preview(safe, tuple(issues), tuple(unreadable), self._held(safe, data))

    def take(self, name: str, data: bytes, replace: bool = False) -> str:
        """Put a file into the corpus; the name that it has there.

        replace: where there is another file of that name, move that one aside; else CorpusError
        is raised, as it is where the folder cannot be written. Raises UnreadableFile as `preview`.
        """
        safe = self.checked(name, data)
        with self._turn, _told(safe):
            held = self._held(safe, data)
            if held == "same":
                return safe
            if held and not replace:
                raise CorpusError(f"{safe} is in the corpus already; say that it is to be replaced")
            make_folder(self.corpus)
            if held:
                shutil.copy2(self.corpus / safe, self._aside(safe))
            fresh = self.corpus / f".{secrets.token_hex(8)}.part"
            try:
                fresh.write_bytes(data)
                sync(fresh)
                fresh.replace(self.corpus / safe)
            finally:
                fresh.unlink(missing_ok=True)
            sync(self.corpus)
        return safe

    def remove(self, source: str) -> Path:
        """Move a file of the corpus aside; where it lies now.

        Raises CorpusError where it is none of `files`, so nothing outside can be named.
        """
        with self._turn, _told(source):
            if source not in self.files().names or not (self.corpus / source).is_file():
                raise CorpusError(f"no file {source} in the corpus; load the page again")
            aside = self._aside(source)
            (self.corpus / source).rename(aside)
            sync(aside.parent)
        return aside

    def checked(self, name: str, data: bytes) -> str:
        """The name made safe. Raises UnreadableFile for a form or a size that is not taken."""
        safe = safe_name(name)
        if len(data) > self.largest:
            raise UnreadableFile(safe, f"larger than {self.largest // 10**6} MB; split it")
        return safe

    def _held(self, safe: str, data: bytes) -> Held:
        path = self.corpus / safe
        if not os.path.lexists(path):
            return ""
        if not path.is_file():  # a folder, a link that leads nowhere
            raise UnreadableFile(safe, "the name is taken by what is no file; rename it")
        same = path.stat().st_size == len(data) and path.read_bytes() == data
        return "same" if same else "other"

    def _aside(self, source: str) -> Path:
        """A free place in the hidden folder. Raises CorpusError where that leads elsewhere."""
        hidden = self.corpus / REMOVED
        if hidden.is_symlink():
            raise CorpusError(f"{hidden} is a link; put a folder in its place")
        path = PurePosixPath(source)
        place, number = hidden / path, 1
        while os.path.lexists(place):
            number += 1
            place = hidden / path.with_name(f"{path.stem}.{number}{path.suffix}")
        make_folder(place.parent)
        return place


def safe_name(given: str) -> str:
    """A visitor's file name as one that any file system takes and no shell or page minds.

    Without folders, leading dots and characters that are not printed; in NFC; at most `LONGEST`
    bytes; never a device of Windows. Raises UnreadableFile for an ending that is not read.
    """
    name = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(" " if c.isspace() else c for c in name if c.isprintable() or c.isspace())
    name = " ".join(_OUTSIDE.sub("_", unicodedata.normalize("NFC", name)).split())
    name = name.lstrip(". ")
    stem, dot, ending = name.rpartition(".")
    suffix = f".{ending.lower()}" if dot else ""
    stem = stem.rstrip(". ")
    if not stem or suffix not in SUFFIXES:
        known = " ".join(sorted(SUFFIXES))
        shown = suffix or "(no ending)"
        raise UnreadableFile(name[-LONGEST:] or "?", f"unknown form {shown}; use {known}")
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    room = LONGEST - len(suffix)
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + suffix


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"{name} cannot be written ({error.strerror or error}); check the corpus folder"
        ) from error
