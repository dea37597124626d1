"""The records of an evaluation: a case, what came of it, and the report over all of them.

They are pydantic models, so that files of cases and reports are checked as they are read.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Record(BaseModel):
    """Frozen; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseFilters(Record):
    """Which articles a question is asked of; all of the given ones must hold."""

    since: date | None = Field(None, description="issues of this day and later")
    until: date | None = Field(None, description="issues of this day and earlier")
    paper: str = ""
    column: str = ""
    reporter: str = ""
    issue: str = Field("", description="id of an issue")


class Case(Record):
    """A question with what a right answer must hold.

    Texts are compared in normal form: full-width and Chinese numerals, 万 and 亿, 百分之.
    """

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    history: tuple[str, ...] = Field((), description="the conversation's earlier questions")
    all_of: tuple[str, ...] = Field((), description="the answer must hold every one of these")
    any_of: tuple[str, ...] = Field((), description="the answer must hold one of these")
    none_of: tuple[str, ...] = Field((), description="the answer must hold none of these")
    articles: tuple[str, ...] = Field(
        (),
        description="ids, or parts of headlines, of the articles that carry the answer; to pass, "
        "citing one of them is enough; recall is the share of them that was found, or cited",
    )
    quotes: tuple[str, ...] = Field(
        (), description="words of the sentences that carry the answer; else all_of and any_of"
    )
    refuse: bool = Field(False, description="the corpus does not hold the answer")
    tags: tuple[str, ...] = ()
    filters: CaseFilters = CaseFilters()

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        if self.refuse and (self.all_of or self.any_of or self.articles or self.quotes):
            raise ValueError("refuse stands beside what the answer must hold; keep one of the two")
        return self


class Found(Record):
    """A passage that retrieval found, in the order of its rank."""

    passage_id: str
    article_id: str
    headline: str
    issue: str
    text: str
    score: float


class Result(Record):
    """What came of one case.

    answer: as `rag.answer.export.answer_to_dict` gives it; None where only retrieval ran.
    found: the ten best passages. why: what was wrong, one line for each; empty where it
    passed. scores: metric to this case's own value; metrics that do not apply are left out.
    seconds: of each stage (retrieve, read, check, first_token, total) that ran.
    """

    case: Case
    answer: dict[str, Any] | None
    found: tuple[Found, ...]
    why: tuple[str, ...]
    scores: dict[str, float]
    seconds: dict[str, float] = {}

    @property
    def passed(self) -> bool:
        """Whether all that the case asks for held."""
        return not self.why


class Metric(Record):
    """A figure over `n` cases with its 95 % bootstrap interval; None where no case counts."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


class CurvePoint(Record):
    """Refusing below a confidence of `threshold`: precision and recall of refusal, 0 to 1."""

    threshold: float
    precision: float
    recall: float


class Change(Record):
    """A metric in the run compared with, and in this one."""

    before: float | None
    after: float | None


class Comparison(Record):
    """What changed since another run, over the cases that both have."""

    made: str
    index: str
    cases: int
    metrics: dict[str, Change]
    newly_failed: tuple[str, ...]
    newly_passed: tuple[str, ...]


class Floor(Record):
    """A figure that was asked for with `--fail-under`.

    floor: the least that will do; for metrics of which less is better, the most.
    """

    metric: str
    floor: float
    value: float | None
    less_is_better: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is reached; a metric that no case counts for is not."""
        if self.value is None:
            return False
        return self.value <= self.floor if self.less_is_better else self.value >= self.floor


class Selection(Record):
    """Which of the cases were asked for: `--limit`, `--every` and `--tag`."""

    limit: int | None = None
    every: int = 1
    tags: tuple[str, ...] = ()


class Report(Record):
    """All of a run, with what is needed to run it again. Times are in seconds."""

    made: str
    files: dict[str, str] = Field(description="file of cases, as given, to its SHA-256")
    versions: dict[str, str]
    machine: dict[str, str]
    settings: dict[str, Any]
    index: dict[str, Any] = Field(description="version, encoder, issues, articles, passages")
    generator: str
    retrieval_only: bool
    selection: Selection = Selection()
    metrics: dict[str, Metric]
    tags: dict[str, Metric] = Field(description="tag to its share of passed cases")
    refusal_curve: tuple[CurvePoint, ...]
    results: tuple[Result, ...]
    floors: tuple[Floor, ...] = ()
    against: Comparison | None = None
