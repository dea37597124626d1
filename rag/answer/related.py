"""What may be asked next: questions near the one answered, each of which the corpus answers.

They are made from sentences of the articles that were cited, then of those found beside them.
No model writes or judges them: a question counts as answered where retrieval puts the very
sentence that it was made from first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice

from rag.answer.catalogue import Catalogue
from rag.answer.eligible import is_instruction, of_the_year
from rag.answer.fits import fits
from rag.answer.questions import Asked, questions
from rag.answer.shapes import parts
from rag.retrieve.lexicon import bigrams
from rag.retrieve.search import Search
from rag.types import EVERYTHING, Answer, Article, Citation, Filters

COVERED = 0.8
"""The least share of a question's words that the passage that answers it must hold."""
ALIKE = 0.7
"""Of two questions' pairs of characters, the share in both from which on they are the same."""
FROM_ONE = 2
"""Questions of one article before the next is turned to."""
NEAR = 0.7
"""The least share of the best passage's score that an article beside the cited ones needs."""
ARTICLES = 6
"""Articles that questions are made from."""
TRIES = 3
"""How often questions are searched for before fewer than were wanted will do."""
KEPT = 500
"""Articles whose questions are remembered."""
SHORTEST, LONGEST = 8, 36

_ASKING = re.compile("百分之|什么时候|哪里")
"""Words of asking that the cut of words takes apart."""
_ROUGH = re.compile(r"、.*、|以及|[()（）:：]|的多少|占到?百分之多少？$|[“”].*[“”].*“")


class Related:
    """Proposes questions over one snapshot of the index. Safe to share between threads."""

    def __init__(self, search: Search, catalogue: Catalogue) -> None:
        """catalogue: of the same snapshot; it answers what an article tells as a whole."""
        self._search = search
        self._catalogue = catalogue
        self._snapshot = search.snapshot
        self._terms = sorted(search.snapshot.segmenter.terms)
        self._of = lru_cache(maxsize=KEPT)(_well_formed)

    def after(
        self,
        answer: Answer,
        asked: Sequence[str] = (),
        told: Sequence[Citation] = (),
        filters: Filters = EVERYTHING,
        n: int = 3,
    ) -> list[str]:
        """Up to `n` questions that stand alone, the nearest first; after a refusal too.

        asked: earlier questions of the conversation; told: citations of its earlier answers.
        Neither is asked for again. filters: those that the questions will be asked under.
        """
        if not (answer.refused or answer.citations or answer.evidence.hits):
            return []  # a greeting: nothing is near it
        before = [answer.question, answer.standalone, *asked]
        shown = [*answer.citations, *told]
        near = list(islice(self._near(answer, filters), ARTICLES))
        fresh = self._candidates(near, answer, before, shown)
        found: list[str] = []
        for _ in range(TRIES):
            batch = list(islice(fresh, n - len(found) + 1))
            if len(found) >= n or not batch:
                break
            for one in self._answered(batch, asked):
                if not any(_alike(one.question, other) for other in found):
                    found.append(one.question)
        found += islice(self._summaries(near, before), max(0, n - len(found)))
        return found[:n]

    def _candidates(
        self,
        near: Sequence[Article],
        answer: Answer,
        before: Sequence[str],
        shown: Sequence[Citation],
    ) -> Iterator[Asked]:
        """Questions that may be proposed: a few of each article, then the rest."""
        rest: list[Iterator[Asked]] = []
        for article in near:
            nearest = iter(self._by_nearness(answer, article))
            fresh = (
                one
                for one in nearest
                if one.answer not in answer.text
                and not any(_same_place(one, citation) for citation in shown)
                and not any(_alike(one.question, other) for other in before)
            )
            yield from islice(fresh, FROM_ONE)
            rest.append(fresh)
        yield from chain.from_iterable(rest)

    def _summaries(self, near: Sequence[Article], before: Sequence[str]) -> Iterator[str]:
        """What an article says, asked of those whose headline was not named before."""
        for article in near:
            question = f"《{article.headline}》这篇报道讲了什么？"
            target = self._catalogue.summary_target(question) if article.headline else None
            known = isinstance(target, Article) and target.headline == article.headline
            if known and not any(article.headline in other for other in before):
                yield question

    def _near(self, answer: Answer, filters: Filters) -> Iterator[Article]:
        """The articles cited, then those found beside them, each text once."""
        hits = answer.evidence.hits or self._search.retriever.search(
            answer.standalone or answer.question, ARTICLES, filters
        )
        cited = filter(None, (self._article(c.article_id) for c in answer.citations))
        least = 0.0 if answer.refused else NEAR * max((hit.score for hit in hits), default=0.0)
        ranked = (hit for hit in (*hits, *answer.evidence.wider) if hit.score >= least)
        found = (hit.article for hit in ranked)
        seen: set[str] = set()
        for article in chain(cited, found):
            if article.text not in seen and filters.holds(article):
                seen.add(article.text)
                yield article

    def _article(self, article_id: str) -> Article | None:
        """None where the answer was read from an index that held it and this one does not."""
        try:
            return self._snapshot.article(article_id)
        except KeyError:
            return None

    def _by_nearness(self, answer: Answer, article: Article) -> list[Asked]:
        """An article's questions, those that share most with what was asked and said first."""
        lexicon = self._search.retriever.lexicon
        words = lexicon.content(f"{answer.standalone or answer.question}{answer.text}")
        places = [c.start for c in answer.citations if c.article_id == article.id]

        def far(one: Asked) -> tuple[float, int]:
            share = lexicon.share(lexicon.content(one.question), words)
            return -round(share, 1), min((abs(p - one.sentence.start) for p in places), default=0)

        return sorted(self._of(article), key=far)

    def _answered(self, batch: Sequence[Asked], asked: Sequence[str]) -> Iterator[Asked]:
        """Those for which retrieval puts the sentence that they were made from first."""
        search = self._search
        alone = [
            one
            for one in batch
            if search.standalone(one.question, asked) == one.question
            and len(parts(one.question, self._terms)) == 1
        ]
        search.encoder.encode_queries([one.question for one in alone])  # in one go
        retriever = search.retriever
        for one in alone:
            top = tuple(retriever.search(one.question, 1))
            if (
                any(one.sentence.text in hit.passage.text for hit in top)
                and retriever.coverage(_ASKING.sub("", one.question), top) >= COVERED
            ):
                yield one


def _well_formed(article: Article) -> tuple[Asked, ...]:
    """The questions of an article that read well and that its sentence answers by its form.

    They are made without a tagger, which would take five times as long and find few more.
    """
    found: dict[str, Asked] = {}
    for one in questions(article, None):
        source = article, one.sentence
        if (
            SHORTEST <= len(one.question) <= LONGEST
            and not _ROUGH.search(one.question)
            and one.answer not in one.question
            and not is_instruction(one.sentence.text)
            and fits(one.question, one.sentence.text) >= 0.7
            and of_the_year(one.question, [source])
        ):
            found.setdefault(one.question, one)
    return tuple(found.values())


def _same_place(one: Asked, citation: Citation) -> bool:
    """Whether a citation quotes the sentence that answers a question, here or in a reprint."""
    return one.sentence.text in citation.quote or (
        one.sentence.article_id == citation.article_id
        and one.sentence.start < citation.end
        and citation.start < one.sentence.end
    )


def _alike(question: str, other: str) -> bool:
    """Whether two questions ask the same in nearly the same words."""
    left, right = bigrams(question), bigrams(other)
    return len(left & right) >= ALIKE * max(1, len(left | right))
