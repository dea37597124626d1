"""A question to hits, and hits to evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from rag.config import Settings
from rag.index.snapshot import Rows, Snapshot
from rag.models.encoder import Encoder
from rag.retrieve.duplicates import merge
from rag.retrieve.fuse import fuse
from rag.retrieve.lexicon import Lexicon
from rag.retrieve.period import Period, period
from rag.types import EVERYTHING, Evidence, Filters, Hit

DEPTH = 100
"""Candidates taken from each index: far more than are shown, so that the scaling is steady."""
SHORT, SHORT_SHARE = 60, 0.8
"""Both indexes favour a text for being short: a caption names its matter and says little."""
WIDER = 12
"""Further passages in which other issues are looked up for the same thing."""
CLOSE = 0.6
"""Share of the best score from which a newer report is preferred where the newest is asked."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The passages that may be read for a question.

    rows: bool [n]; None: all. when: the time of issues that the question names.
    """

    rows: Rows | None
    when: Period | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return self.rows is not None and not self.rows.any()


class Retriever:
    """Searches one snapshot."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, settings: Settings) -> None:
        self._snapshot = snapshot
        self._encoder = encoder
        self._settings = settings
        self.lexicon = Lexicon(snapshot)
        self._dates = sorted({article.date for article in snapshot.articles if article.date})

    def search(self, question: str, k: int, filters: Filters = EVERYTHING) -> list[Hit]:
        """The `k` best passages, best first; fewer where the corpus has no more."""
        return self._search(question, k, self._snapshot.rows_where(filters) if filters else None)

    def scope(self, question: str, filters: Filters = EVERYTHING) -> Scope:
        """What may be read for a question that stands alone. Where it names a time of issues
        (8月的报道), only passages of those. No model runs.
        """
        when = period(question, self._dates)
        if not filters and when is None:
            return Scope(None)
        rows = self._snapshot.rows_where(filters)
        if when is not None:
            rows &= self._snapshot.rows_where(Filters(since=when.start, until=when.end))
        return Scope(rows, when)

    def _search(self, question: str, k: int, allowed: Rows | None) -> list[Hit]:
        snapshot = self._snapshot
        query = self._encoder.encode_queries([question])
        tokens = snapshot.segmenter.tokens(question)
        found = snapshot.candidates(query, tokens, DEPTH, allowed)
        scores = fuse(found.sparse, found.dense, self._settings.sparse_weight)
        lengths = [len(snapshot.passage(int(row)).text) for row in found.rows]
        scores = np.where(np.array(lengths) < SHORT, SHORT_SHARE * scores, scores)
        order = np.argsort(-scores, kind="stable")[:k]
        return [
            Hit(
                passage := snapshot.passage(int(found.rows[i])),
                snapshot.article(passage.article_id),
                round(float(scores[i]), 6),
                round(float(found.dense[i]), 6),
                round(float(found.sparse[i]), 6),
            )
            for i in order
        ]

    def evidence(
        self,
        standalone: str,
        question: str = "",
        scope: Scope | None = None,
        sources: int | None = None,
    ) -> Evidence:
        """The passages that the generator reads, and how much of the question they cover.

        question: a follow-up as it was asked; its own passages take part too. scope: None: that
        of the question without filters. sources: how many are read; None: as the settings say.
        """
        scope = scope or self.scope(standalone)
        if scope.empty:
            return Evidence(standalone, ())
        ranked = self._ranked(standalone, question, scope.rows)
        if scope.when is not None and scope.when.newest:
            ranked = _newest(ranked)
        merged = merge(ranked, sources or self._settings.sources)
        kept = {hit.passage.id for hit in merged.kept}
        wider = [hit for hit in ranked if hit.passage.id not in kept][:WIDER]
        older = tuple(hit for _newer, hit in merged.older)
        coverage = self.coverage(standalone, merged.kept)
        return Evidence(standalone, merged.kept, coverage, (*merged.kept, *wider), older)

    def _ranked(self, standalone: str, question: str, allowed: Rows | None) -> list[Hit]:
        """Hits of both forms of a question; those of the form as asked count half."""
        hits = {hit.passage.id: hit for hit in self._search(standalone, DEPTH, allowed)}
        if question and question != standalone:
            for hit in self._search(question, DEPTH, allowed):
                rival = hits.get(hit.passage.id)
                if rival is None or rival.score < hit.score / 2:
                    hits[hit.passage.id] = replace(hit, score=hit.score / 2)
        return sorted(hits.values(), key=lambda hit: -hit.score)

    def coverage(self, question: str, hits: tuple[Hit, ...]) -> float:
        """Share (0..1) of the question's content words, by weight, that the hits hold."""
        held = set[str]().union(*(self.lexicon.tokens(hit.passage.searchable) for hit in hits))
        return self.lexicon.share(self.lexicon.content(question), held)


def _newest(ranked: list[Hit]) -> list[Hit]:
    """Of the hits that come close to the best, the newest first."""
    if not ranked:
        return ranked
    close = [hit for hit in ranked if hit.score >= CLOSE * ranked[0].score]
    close.sort(key=lambda hit: hit.article.date or date.min, reverse=True)
    return close + [hit for hit in ranked if hit.score < CLOSE * ranked[0].score]
