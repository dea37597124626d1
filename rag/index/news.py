"""What is new in one generation against another, told by the files that each was built from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rag.index.compare import FileChanges, hashes
from rag.index.records import Source
from rag.types import News


def compare(before: Sequence[Source], after: Sequence[Source], version: str) -> News:
    """From the files of two generations, `version` being the later one.

    Articles of a file that has changed are paired: one that went and one that came is one that
    was changed. A file that has only another name brings nothing.
    """
    old, new = {s.file: s for s in before}, {s.file: s for s in after}
    files = FileChanges.between(hashes(tuple(before)), hashes(tuple(after)))
    added = sum(len(new[name].articles) for name in files.new)
    removed = sum(len(old[name].articles) for name in files.removed)
    changed = 0
    for name in files.changed:
        was, now = ({article for article, _key in s[name].articles} for s in (old, new))
        edited = min(len(was - now), len(now - was))
        changed += edited
        added += len(now - was) - edited
        removed += len(was - now) - edited
    came = tuple(PurePath(name).stem for name in files.new if new[name].issues)
    return News(version, came, added, removed, changed)
