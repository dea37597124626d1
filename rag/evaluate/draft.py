"""Cases proposed from an issue's own figures, days and names, for a person to check."""

from __future__ import annotations

import re
from itertools import islice

from rag.answer.names import Tagger
from rag.answer.questions import Asked, questions
from rag.evaluate.record import Case
from rag.evaluate.text_metrics import holds
from rag.types import Issue

MOST = 8
"""Questions on one article."""


def drafts(issue: Issue, tagger: Tagger | None) -> list[Case]:
    """Proposed cases, at most `MOST` an article, in printed order, tagged `draft`.

    tagger: finds persons and places; without it fewer clauses are known to stand alone.
    """
    cases: list[Case] = []
    seen: set[str] = set()
    for article in issue.articles:
        fresh = (q for q in questions(article, tagger) if _good(q) and _new(q, seen))
        for asked in islice(fresh, MOST):
            cases.append(
                Case(
                    id=f"{issue.id}-{len(cases) + 1:02}",
                    question=asked.question,
                    any_of=(asked.answer,),
                    articles=(article.headline or article.id,),
                    quotes=(asked.sentence.text,),
                    tags=("draft", asked.kind),
                )
            )
    return cases


def _good(asked: Asked) -> bool:
    return 8 <= len(asked.question) <= 40 and not holds(asked.question, asked.answer)


def _new(asked: Asked, seen: set[str]) -> bool:
    """Whether nothing like it was asked; notes it."""
    key = re.sub(r"\W|多少|百分之|什么时候|哪一年|是|的", "", asked.question)
    if key in seen:
        return False
    seen.add(key)
    return True
