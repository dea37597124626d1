"""The records that pass between stages, in the order in which they are made.

Build: `Issue` (a page file) holds `Article`s; an article is cut into `Sentence`s and
`Passage`s. Ask: a question becomes `Hit`s, hits become `Evidence`, evidence becomes an
`Answer` with `Citation`s.

Every range is a half-open `[start, end)` range of characters (Unicode code points) of its
article's `text`, and `article.text[start:end]` is the quoted text, verbatim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Outcome = Literal["kept", "replaced", "dropped", "passed over"]
SectionKind = Literal["section", "sidebar", "caption"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an article's text that stands apart from its opening body.

    kind: `section` (a crosshead and the body under it), `sidebar` (a box that belongs to the
    article and has a headline of its own) or `caption` (the words under a picture).
    heading: crosshead or the sidebar's headline; empty for a caption.
    label: the words above a sidebar (such as 延伸阅读); empty otherwise.
    """

    kind: SectionKind
    heading: str
    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a page.

    text: the mended body, paragraphs separated by one newline; sidebars follow the body and
    captions come last, each a `Section`. What precedes the first section is the opening body.
    byline: the byline as printed, lines separated by a newline; empty where there is none.
    id: 16 hex digits, a hash of the issue's id and of all that is printed of the article.
    """

    id: str
    issue_id: str
    headline: str
    text: str
    kicker: str = ""
    deck: str = ""
    column: str = ""
    byline: str = ""
    reporters: tuple[str, ...] = ()
    correspondents: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    paper: str = ""
    date: date | None = None
    page: str = ""

    @property
    def captions(self) -> tuple[str, ...]:
        """The words under the article's pictures, in printed order."""
        return tuple(self.text[s.start : s.end] for s in self.sections if s.kind == "caption")

    @property
    def title(self) -> str:
        """The headline, or where none is printed the first words of the text."""
        return self.headline or f"{self.text[:18]}…"

    def section_at(self, position: int) -> Section | None:
        """The section that holds the character at `position`, or None in the opening body."""
        return next((s for s in self.sections if s.start <= position < s.end), None)


@dataclass(frozen=True, slots=True)
class Issue:
    """One file of the corpus: a page, or several, of one issue of a newspaper.

    id: the file's path below the corpus folder, without its ending.
    furniture: printed lines that belong to no article (masthead, date line, editors).
    """

    id: str
    source: str
    articles: tuple[Article, ...]
    title: str = ""
    paper: str = ""
    date: date | None = None
    page: str = ""
    furniture: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be read for a question; all that is given must hold.

    since, until: days of issues, both included; an article without a date passes neither.
    paper, column, reporter (correspondents too), issue (an id): as printed; empty: any.
    """

    since: date | None = None
    until: date | None = None
    paper: str = ""
    column: str = ""
    reporter: str = ""
    issue: str = ""

    def __bool__(self) -> bool:
        return self != Filters()

    def holds(self, article: Article) -> bool:
        """Whether an article may be read."""
        day = article.date
        return (
            (self.since is None or (day is not None and day >= self.since))
            and (self.until is None or (day is not None and day <= self.until))
            and self.paper in ("", article.paper)
            and self.column in ("", article.column)
            and self.issue in ("", article.issue_id)
            and (not self.reporter or self.reporter in article.reporters + article.correspondents)
        )


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is read and written for one question; None: as much as the settings say.

    sources: passages that the generator reads. answer_tokens: longest answer, in tokens.
    generator: which one writes, by its name in the settings.
    """

    sources: int | None = None
    answer_tokens: int | None = None
    generator: str | None = None


USUAL = Effort()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: the smallest thing that an answer cites."""

    article_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences of one section: the smallest thing that is searched.

    context: headline, date and section heading, one line each. It is put before `text` for
    embedding and for BM25, and is never part of a quotation.
    """

    id: str
    article_id: str
    start: int
    end: int
    text: str
    context: str = ""

    @property
    def searchable(self) -> str:
        """What the encoder and BM25 see."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    score: fused, 0 to 1, comparable within one question only. dense: inner product of unit
    vectors, -1 to 1. sparse: BM25, 0 and up.
    """

    passage: Passage
    article: Article
    score: float
    dense: float
    sparse: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the generator may read for one question.

    hits: passages in the order of their rank, each text once. coverage: the share, 0 to 1, of
    the question's content words (by their weight in the corpus) that stand in the passages.
    wider: passages of lower rank as well, where other issues may say otherwise. older: earlier
    prints of a passage that is among the hits.
    """

    question: str
    hits: tuple[Hit, ...]
    coverage: float = 0.0
    wider: tuple[Hit, ...] = ()
    older: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of an article that supports a sentence of an answer.

    marker: as it stands in the answer's text, for example `[1]`.
    quote: `article.text[start:end]`. paper, page, byline: as the article has them.
    """

    marker: str
    article_id: str
    headline: str
    issue: str
    date: date | None
    reporters: tuple[str, ...]
    quote: str
    start: int
    end: int
    paper: str = ""
    page: str = ""
    byline: str = ""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds: `retrieve`, `read` (the generator writes) and `check` are those of each step;
    `first_token` and `total` count from the question.
    """

    retrieve: float = 0.0
    first_token: float | None = None
    total: float = 0.0
    read: float = 0.0
    check: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one sentence that the generator wrote.

    outcome: `kept` as written, `replaced` by the quotation that supports it best, `dropped`,
    or `passed over` because the evidence points to another sentence. reason: why, for the
    user; empty where kept. share: of its words that stand in the evidence, 0 to 1.
    """

    sentence: str
    outcome: Outcome
    reason: str
    share: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, with all that is needed to check it.

    text: sentences with their markers; the refusal sentence where `refused`. standalone: the
    question as it was read; differs from `question` for a follow-up. confidence: estimated
    probability (0..1) that the corpus holds the answer; None where no estimate was made.
    index_version: the index generation that every part of this answer was read from.
    """

    question: str
    text: str
    refused: bool
    citations: tuple[Citation, ...]
    evidence: Evidence
    timings: Timings
    index_version: str
    generator: str
    encoder: str
    standalone: str = ""
    confidence: float | None = None
    checks: tuple[Check, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether the corpus holds the answer less likely than not, yet something is quoted.

        Two of five such answers hold what was expected (`tests/qa`), three of four others.
        """
        return not self.refused and self.confidence is not None and self.confidence < 0.5


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer on its way: which step is under way and the sentences checked so far.

    step: `load` where the generator that was chosen is not open yet. reading: what is read for
    it, where that is new; empty: as before.
    """

    step: Literal["retrieve", "load", "read", "check"]
    text: str = ""
    reading: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of the corpus that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """A segment of the index as one generation uses it.

    removed: rows of its articles, ascending, that this generation does not hold.
    """

    id: str
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one generation of the index holds. Written last: its presence means it is whole.

    format: of the files on disk. parser: of the reading of pages, see `rag.ingest.PARSER`.
    files: name to SHA-256 of every other file of the generation.
    """

    version: str
    built: str
    encoder: str
    dimensions: int
    issues: int
    articles: int
    passages: int
    passage_chars: int
    format: int = 0
    parser: int = 0
    segments: tuple[SegmentUse, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What is being done to the index just now.

    step: such as 编码段落; empty while nothing is. done, total: units of the step. problem: why
    the last build came to no end, with the remedy; empty where it did.
    """

    step: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """A new generation that is answered from, against the one before.

    issues: names of the files that came. added, removed, changed: articles.
    """

    version: str
    issues: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0
    changed: int = 0
