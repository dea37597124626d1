"""What is new in one generation against another, told by the files that each was built from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rag.index.generation import winners
from rag.index.records import Source
from rag.types import News


def compare(before: Sequence[Source], after: Sequence[Source], version: str) -> News:
    """From the files of two generations, `version` being the later one."""
    old, new = winners(tuple(before)), winners(tuple(after))
    known = {source.file for source in before}
    came = [source for source in after if source.file not in known and source.issues]
    return News(
        version=version,
        issues=tuple(PurePath(source.file).stem for source in came),
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
    )
