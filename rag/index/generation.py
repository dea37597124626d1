"""One generation on disk: which files of the corpus it was built from, and its segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.errors import IndexDamaged
from rag.index.records import Source
from rag.index.segment import REBUILD, Segment
from rag.types import Manifest


@dataclass(frozen=True)
class Generation:
    """What its manifest names, opened. `segments` are in the order of the manifest.

    terms: those of the segmenter, with their frequencies. damaged: segments that could not be
    opened were left out, so articles may be missing.
    """

    manifest: Manifest
    sources: tuple[Source, ...]
    terms: Mapping[str, int]
    segments: tuple[Segment, ...]
    damaged: bool = False

    def removed(self) -> dict[str, frozenset[int]]:
        """Segment to the rows of its articles that are not in use."""
        return {use.id: frozenset(use.removed) for use in self.manifest.segments}

    def in_use(self) -> dict[str, tuple[int, int]]:
        """Key of each article in use to its segment and its row there."""
        removed = self.removed()
        return {
            bytes(key).hex(): (at, row)
            for at, segment in enumerate(self.segments)
            for row, key in enumerate(segment.part.article_keys)
            if row not in removed[segment.id]
        }

    def places(self) -> dict[str, tuple[int, int]]:
        """Id of each article in use to its segment and row, in the order of the corpus.

        Raises IndexDamaged where one that a file lists is in no segment.
        """
        found = self.in_use()
        try:
            return {name: found[key] for name, key in winners(self.sources).items()}
        except KeyError as error:
            raise IndexDamaged(
                f"generation {self.manifest.version} lacks article {error}; {REBUILD}"
            ) from error


def winners(sources: tuple[Source, ...]) -> dict[str, str]:
    """Id to key of every article in the order of the corpus.

    Two files such as a.md and a.txt may carry the same article: the first counts.
    """
    found: dict[str, str] = {}
    for source in sources:
        for article_id, key in source.articles:
            found.setdefault(article_id, key)
    return found
