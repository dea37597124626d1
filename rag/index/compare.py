"""The corpus as it is against the corpus as it was read: which files are to be read again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from rag.index import records
from rag.index.files import sha256
from rag.index.generation import winners
from rag.index.records import Source
from rag.index.segment import key
from rag.index.words import harvest
from rag.ingest.readers import corpus_files, printable, read_issues
from rag.progress import Progress
from rag.types import Article

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileChanges:
    """What became of the files of a corpus. renamed: old and new name of the same bytes."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    unchanged: tuple[str, ...]

    @classmethod
    def between(cls, before: Mapping[str, str], now: Mapping[str, str]) -> FileChanges:
        """Of file to SHA-256, before and now."""
        gone = [name for name in before if name not in now]
        came = [name for name in now if name not in before]
        by_hash = {before[name]: name for name in reversed(gone) if before[name]}
        renamed = []
        for name in came:
            old = by_hash.pop(now[name], None)
            if old is not None:
                renamed.append((old, name))
        moved = {name for pair in renamed for name in pair}
        both = [name for name in now if name in before]
        return cls(
            new=tuple(name for name in came if name not in moved),
            changed=tuple(name for name in both if now[name] != before[name]),
            removed=tuple(name for name in gone if name not in moved),
            renamed=tuple(renamed),
            unchanged=tuple(name for name in both if now[name] == before[name]),
        )


def corpus_hashes(corpus: Path) -> dict[str, str]:
    """File of the corpus to the SHA-256 of its bytes; empty for one that cannot be opened."""
    return {_name(path, corpus): _hash(path) for path in corpus_files(corpus)}


def hashes(sources: tuple[Source, ...]) -> dict[str, str]:
    """The same of a corpus as it was read."""
    return {source.file: source.sha256 for source in sources}


def _name(path: Path, corpus: Path) -> str:
    return printable(path.relative_to(corpus))


def _hash(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        logger.debug("not hashed: %s", error)  # the reader reports it
        return ""


@dataclass(frozen=True)
class Reading:
    """All files of a corpus, and the articles of those that had to be read, by key."""

    sources: tuple[Source, ...]
    articles: Mapping[str, Article]


def read_corpus(
    corpus: Path,
    trusted: Mapping[str, Source],
    stored: Mapping[str, object],
    progress: Progress,
    moving: Set[str] = frozenset(),
) -> Reading:
    """Read the files that are not in `trusted` as they are now.

    trusted: files as they were read before. stored: keys of the articles that are at hand; a
    file with one that is not, such as one of a damaged segment, is read again. moving: files
    that are being written; they stay as they were read before, or wait for the next time.
    """
    paths = {_name(path, corpus): path for path in corpus_files(corpus)}
    sources: dict[str, Source | None] = {}
    for name, path in paths.items():
        if name in moving:
            if name in trusted:
                sources[name] = trusted[name]
            continue
        before, now = trusted.get(name), _hash(path)
        sources[name] = before if before is not None and before.sha256 == now != "" else None
    articles: dict[str, Article] = {}
    unread = [name for name, source in sources.items() if source is None]
    while unread or (unread := _lacking(_all(sources), {*articles, *stored})):
        with progress.task("读取报纸", len(unread)) as advance:
            for name in unread:
                sources[name] = _read(paths[name], corpus, articles)
                advance(1)
        unread = []
    return Reading(_all(sources), articles)


def _all(sources: Mapping[str, Source | None]) -> tuple[Source, ...]:
    return tuple(source for source in sources.values() if source is not None)


def _lacking(sources: tuple[Source, ...], at_hand: set[str]) -> list[str]:
    """Files of which an article that counts is not at hand."""
    lacking = {key for key in winners(sources).values() if key not in at_hand}
    return [s.file for s in sources if lacking.intersection(key for _id, key in s.articles)]


def _read(path: Path, corpus: Path, articles: dict[str, Article]) -> Source:
    """A file as it is now; its articles are added. Hashed first: should it change meanwhile,
    the next comparison sees another hash.
    """
    name, digest = _name(path, corpus), _hash(path)
    issues, unreadable = read_issues(path, corpus)
    for item in unreadable:
        logger.warning("skipped %s: %s", item.source, item.reason)
    read = [article for issue in issues for article in issue.articles]
    found = {key(records.to_line(article)).hex(): article for article in read}
    articles.update(found)
    return Source(
        name,
        digest,
        articles=tuple((article.id, article_key) for article_key, article in found.items()),
        terms=tuple(sorted({term for article in read for term in harvest(article)})),
        issues=len(issues),
        unreadable=tuple(unreadable),
    )
