"""Example questions that the corpus answers, for a page on which nothing was asked yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

from rag.answer.names import Tagger
from rag.answer.questions import Asked, questions
from rag.types import Article

SHORT, LONG = 8, 26
"""Characters of a question that is taken in at a glance."""
KINDS = ("figure", "when", "where", "who")
"""What is asked for, what readers ask most often first."""


def example_questions(
    articles: Sequence[Article], n: int, tagger: Tagger | None = None
) -> list[str]:
    """Up to `n` questions, one from an article, newest articles first."""
    newest = sorted(articles, key=lambda a: a.date or date.min, reverse=True)
    return list(islice(_each(newest, tagger), n))


def _each(articles: Sequence[Article], tagger: Tagger | None) -> Iterator[str]:
    for article in articles:
        found = [asked for asked in questions(article, tagger) if _reads_well(asked)]
        if found:
            yield min(found, key=lambda asked: KINDS.index(asked.kind)).question


def _reads_well(asked: Asked) -> bool:
    return SHORT <= len(asked.question) <= LONG and not set("()（）“”") & set(asked.question)
