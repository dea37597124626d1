"""Answers read back from the form in which `rag.answer.export` writes them.

What comes in was out of our hands, in a browser or a file: every field has its type and its
longest length, and what does not fit is refused as a whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rag.errors import QuestionError
from rag.types import (
    Answer,
    Article,
    Check,
    Citation,
    Evidence,
    Hit,
    Outcome,
    Passage,
    Timings,
)

Word = Annotated[str, StringConstraints(max_length=200)]
Line = Annotated[str, StringConstraints(max_length=2_000)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Marker = Annotated[str, StringConstraints(pattern=r"^\[[0-9]{1,3}\]$")]
Place = Annotated[int, Field(ge=0, le=10**9)]
Seconds = Annotated[float, Field(ge=0, le=10**6)]
Share = Annotated[float, Field(ge=0, le=1)]

FindArticle = Callable[[str], Article | None]
"""The article of an id, or None where it is not in the index."""


class Kept(BaseModel):
    """A record that was kept outside; what a later version may have added is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class KeptCitation(Kept):
    """See `Citation`."""

    marker: Marker
    article_id: Name
    headline: Line
    issue: Line
    date: datetime.date | None
    reporters: Annotated[tuple[Word, ...], Field(max_length=50)]
    quote: Text
    start: Place
    end: Place
    paper: Line = ""
    page: Word = ""
    byline: Line = ""


class KeptHit(Kept):
    """A passage as the export tells it."""

    article_id: Name
    headline: Line
    issue: Line
    date: datetime.date | None
    text: Text
    start: Place
    end: Place
    score: float
    dense: float
    sparse: float


class KeptCheck(Kept):
    """See `Check`."""

    sentence: Text
    outcome: Outcome
    reason: Line
    share: Share


class KeptTimings(Kept):
    """See `Timings`."""

    retrieve: Seconds
    first_token: Seconds | None
    total: Seconds
    read: Seconds = 0.0
    check: Seconds = 0.0


class KeptAnswer(Kept):
    """See `answer_to_dict`."""

    question: Text
    answer: Text
    refused: bool
    citations: Annotated[tuple[KeptCitation, ...], Field(max_length=100)]
    evidence: Annotated[tuple[KeptHit, ...], Field(max_length=100)]
    older: Annotated[tuple[KeptHit, ...], Field(max_length=100)] = ()
    timings: KeptTimings
    standalone: Text = ""
    confidence: Share | None = None
    checks: Annotated[tuple[KeptCheck, ...], Field(max_length=200)] = ()
    index_version: Word
    generator: Word
    encoder: Word

    def restored(self, find: FindArticle) -> Answer:
        """The answer, its passages joined to the articles that `find` still knows.

        An id is a hash of all that is printed: an article that is found is the one that was
        read. Of one that is gone there is what the export tells.
        """
        hits, older = (
            tuple(_hit(hit, find) for hit in hits) for hits in (self.evidence, self.older)
        )
        return Answer(
            question=self.question,
            text=self.answer,
            refused=self.refused,
            citations=tuple(Citation(**dict(citation)) for citation in self.citations),
            evidence=Evidence(self.standalone or self.question, hits, older=older),
            timings=Timings(**dict(self.timings)),
            index_version=self.index_version,
            generator=self.generator,
            encoder=self.encoder,
            standalone=self.standalone,
            confidence=self.confidence,
            checks=tuple(Check(**dict(check)) for check in self.checks),
        )


def answer_from_dict(given: object, find: FindArticle = lambda _id: None) -> Answer:
    """The inverse of `answer_to_dict`, but for what it leaves out (evidence beyond the hits).

    Raises QuestionError, naming the field, for anything else.
    """
    try:
        return KeptAnswer.model_validate(given).restored(find)
    except ValidationError as error:
        raise QuestionError(f"{fault(error)}; ask the question again") from error


def fault(error: ValidationError) -> str:
    """The first thing that is wrong with a record, without what stands in it."""
    problem = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the whole"
    return f"a kept answer is damaged at {place} ({problem['msg']})"


def _hit(kept: KeptHit, find: FindArticle) -> Hit:
    article = find(kept.article_id) or Article(
        kept.article_id, kept.issue, kept.headline, kept.text, date=kept.date
    )
    passage = Passage(
        f"{kept.article_id}-{kept.start}", kept.article_id, kept.start, kept.end, kept.text
    )
    return Hit(passage, article, kept.score, kept.dense, kept.sparse)
