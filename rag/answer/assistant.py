"""The ask flow: question -> evidence -> draft -> verified answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as Steps
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rag.answer.abstain import DEFAULTS, Abstainer, Signals
from rag.answer.align import Support
from rag.answer.catalogue import Catalogue
from rag.answer.catalogue_forms import greeting
from rag.answer.cite import cite
from rag.answer.compare import verdict
from rag.answer.compose import Composed, Composer
from rag.answer.examples import example_questions
from rag.answer.names import pos_tagger
from rag.answer.prompt import REFUSAL, messages
from rag.answer.related import Related
from rag.answer.shapes import MOST_PARTS, TOO_MANY, parts
from rag.answer.summary import summarise
from rag.answer.verify import once
from rag.config import Settings
from rag.errors import StoreError
from rag.index.facets import Facets
from rag.ingest.chunk import sentence_ranges
from rag.models.generator import Generator
from rag.models.generators import OtherGenerators
from rag.retrieve.period import undated
from rag.retrieve.search import Search
from rag.types import (
    EVERYTHING,
    USUAL,
    Answer,
    Article,
    Citation,
    Draft,
    Effort,
    Evidence,
    Filters,
    Hit,
    Manifest,
    Timings,
)

HOPELESS = 0.1
"""Where the passages hold less of the question's words, the generator is not asked at all."""


class Assistant:
    """Answers questions from one snapshot of the index. Safe to share between threads."""

    def __init__(
        self, search: Search, generator: Generator, others: OtherGenerators | None = None
    ) -> None:
        """others: those that a question may be answered with instead; None: none."""
        self._search = search
        self._generator, self._others = generator, others
        self._snapshot, self._retriever = search.snapshot, search.retriever
        settings = search.settings
        self._tagger = pos_tagger(settings.cache_dir)
        self._composer = Composer(
            search.retriever.lexicon,
            search.encoder,
            Abstainer.load(settings.abstain if settings.abstain.exists() else DEFAULTS),
            self._tagger,
        )
        articles = self._snapshot.articles

        def confined(filters: Filters) -> Catalogue:
            """The records of the articles that may be read."""
            return Catalogue([a for a in articles if not filters or filters.holds(a)])

        # Not of a method: an assistant in a cycle would keep its index after its last use.
        self._catalogue_of = lru_cache(maxsize=8)(confined)
        self._related = Related(search, self._catalogue_of(EVERYTHING))

    @property
    def settings(self) -> Settings:
        """Those that it was opened with."""
        return self._search.settings

    @property
    def generator(self) -> str:
        """Which weights write, where no others are chosen."""
        return self._generator.name

    @property
    def manifest(self) -> Manifest:
        """What the index holds."""
        return self._snapshot.manifest

    def articles(self) -> Sequence[Article]:
        """All articles, in the order of their issues."""
        return self._snapshot.articles

    def facets(self) -> Facets:
        """What articles can be filtered by."""
        return self._snapshot.facets

    def article(self, article_id: str) -> Article:
        """Raises StoreError for an id that the index in use does not hold."""
        try:
            return self._snapshot.article(article_id)
        except KeyError:
            raise StoreError(f"no article {article_id} in the index; ask again") from None

    def examples(self, n: int = 4) -> list[str]:
        """Questions that the corpus answers, one from an article."""
        return example_questions(self._snapshot.articles, n, self._tagger)

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        """The `k` best passages. Raises QuestionError for an empty or overlong question."""
        return self._search.search(question, k, filters, history)

    def ask(
        self,
        question: str,
        history: Sequence[str] = (),
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Answer:
        """Answer one question; `history` holds earlier ones of the conversation."""
        *_drafts, answer = self.stream(question, history, None, filters, effort)
        if not isinstance(answer, Answer):
            raise AssertionError("the stream ends with an Answer")
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Iterator[Draft | Answer]:
        """Drafts, whose text is what has been checked so far, then the Answer.

        Up to the first draft no model runs; an answer that needs none comes without drafts:
        greetings, the paper's own records, a period or filters without articles.

        filters: which articles are read. effort: how much of them, how long the answer may be,
        and which generator writes. A cancelled stream still ends with an Answer over what was
        written so far. Raises QuestionError for an empty or overlong question, ModelError where
        the generator fails or cannot be opened.
        """
        question = self._search.checked(question)
        start = time.perf_counter()
        whole = self._search.standalone(question, history)
        recorded = yield from self._from_records(dict.fromkeys((question, whole)), filters)
        if recorded is not None:
            form, composed = recorded
            timings = Timings(total=time.perf_counter() - start)
            yield self._answer(question, [Evidence(form, ())], [composed], timings)
            return
        asked_for = self._parts(whole)
        scopes = [(part, self._retriever.scope(part, filters)) for part in asked_for[:MOST_PARTS]]
        if not all(scope.empty for _part, scope in scopes):
            yield Draft("retrieve")
        clock, first, before, writer = _Clock(), None, "", self._generator
        found: list[Evidence] = []
        said: list[Composed] = []
        for part, scope in scopes:
            if cancel is not None and cancel.is_set() and found:
                break
            asked = "" if found else question
            found.append(evidence := self._retriever.evidence(part, asked, scope, effort.sources))
            clock.retrieve += clock.lap()
            written, shown = "", ""
            if evidence.hits and evidence.coverage >= HOPELESS:
                writer = yield from self._writer(effort.generator, before, cancel)
                clock.lap()
                yield Draft("read", before, evidence.hits)
                for piece, shown in self._read(writer, evidence, cancel, effort.answer_tokens):
                    first = first or time.perf_counter() - start
                    written += piece
                    yield Draft("read", before + shown)
                clock.read += clock.lap()
                yield Draft("check", before + shown)
            said.append(self._composer.compose(evidence, written))
            before += said[-1].text
            clock.check += clock.lap()
        timings = clock.timings(first, time.perf_counter() - start)
        dropped = asked_for[MOST_PARTS:]
        answer = self._answer(question, found, said, timings, bool(dropped))
        yield replace(answer, generator=writer.name)

    def related(
        self,
        answer: Answer,
        asked: Sequence[str] = (),
        told: Sequence[Citation] = (),
        filters: Filters = EVERYTHING,
    ) -> list[str]:
        """Questions to ask next that the corpus can answer, see `Related.after`."""
        return self._related.after(answer, asked, told, filters)

    def _parts(self, whole: str) -> list[str]:
        """The stand-alone questions that a question is made of, the later read with the first."""
        names = {*self._snapshot.segmenter.terms_in(whole), *self._tagger(whole)}
        return parts(whole, sorted(names), self._search.standalone)

    def _from_records(
        self, forms: Iterable[str], filters: Filters
    ) -> Steps[Draft, None, tuple[str, Composed] | None]:
        """Greetings, questions about the corpus itself, and summaries: no model writes these.

        forms: the question as it was asked, and as it stands alone; the first that fits counts,
        and is returned with what it gave. A draft tells that the encoder is needed.
        """
        catalogue = self._catalogue_of(filters)
        for form in forms:
            reply = greeting(form)
            if reply is not None:
                return form, _told([Support(reply, (), 1.0)])
            listed = catalogue.answer(form)
            if listed is not None:
                return form, _told(listed)
            target = catalogue.summary_target(form)
            if target is not None:
                if isinstance(target, Article):
                    yield Draft("retrieve")
                return form, _told(summarise(target, self._search.encoder))
        return None

    def signals(self, question: str, history: Sequence[str] = ()) -> Signals | None:
        """What the decision to answer a question rests on, for calibration."""
        evidence = self._retriever.evidence(self._search.standalone(question, history))
        draft = "".join(self._write(self._generator, evidence, None)) if evidence.hits else ""
        return self._composer.signals(evidence, draft)

    def _writer(
        self, name: str | None, before: str, cancel: threading.Event | None
    ) -> Steps[Draft, None, Generator]:
        """The generator of that name, opened first where it is not; drafts tell of that.

        The usual one where none is named that may be chosen, and once `cancel` is set: then it
        writes nothing.
        """
        if name is None or self._others is None or name not in self._others:
            return self._generator
        if not self._others.ready(name):
            yield Draft("load", before)
        return self._others.get(name, cancel) or self._generator

    def _read(
        self,
        writer: Generator,
        evidence: Evidence,
        cancel: threading.Event | None,
        tokens: int | None,
    ) -> Iterator[tuple[str, str]]:
        """What the generator writes next, and what may be shown already.

        Whenever a sentence is whole, all up to it is composed as if the draft ended there: a
        reader never sees a sentence that was not checked.
        """
        written, whole, shown = "", 0, ""
        for piece in self._write(writer, evidence, cancel, tokens):
            written += piece
            *complete, _last = sentence_ranges(written) or [(0, 0)]
            if len(complete) > whole:
                whole = len(complete)
                shown = self._composer.compose(evidence, written[: complete[-1][1]]).text
            yield piece, shown

    def _write(
        self,
        writer: Generator,
        evidence: Evidence,
        cancel: threading.Event | None,
        tokens: int | None = None,
    ) -> Iterator[str]:
        prompt = messages(undated(evidence.question), evidence.hits)
        limit = tokens or self.settings.answer_tokens
        yield from writer.stream(prompt, max_tokens=limit, cancel=cancel)

    def _answer(
        self,
        question: str,
        found: Sequence[Evidence],
        said: Sequence[Composed],
        timings: Timings,
        more_asked: bool = False,
    ) -> Answer:
        sentences = joined(found, said)
        if more_asked and sentences:
            sentences.append(Support(TOO_MANY, (), 1.0))
        text, citations = cite(sentences)
        sure = [c.confidence for c in said if c.confidence is not None]
        return Answer(
            question=question,
            text=text or REFUSAL,
            refused=not text,
            citations=citations,
            evidence=_united(found),
            timings=timings,
            index_version=self.manifest.version,
            generator=self._generator.name,
            encoder=self._search.encoder.name,
            standalone=" ".join(evidence.question for evidence in found),
            confidence=min(sure, default=None),
            checks=tuple(check for composed in said for check in composed.checks),
        )


@dataclass(slots=True)
class _Clock:
    """Seconds spent in each step, over all parts of a question."""

    retrieve: float = 0.0
    read: float = 0.0
    check: float = 0.0
    _last: float = field(default_factory=time.perf_counter)

    def lap(self) -> float:
        """Seconds since the last lap."""
        before, self._last = self._last, time.perf_counter()
        return self._last - before

    def timings(self, first_token: float | None, total: float) -> Timings:
        return Timings(self.retrieve, first_token, total, self.read, self.check)


def _told(sentences: Sequence[Support]) -> Composed:
    """What the records say is certain, and nothing was dropped of it."""
    return Composed(tuple(sentences), None, ())


def joined(found: Sequence[Evidence], said: Sequence[Composed]) -> list[Support]:
    """The sentences of all parts of a question; a part that finds nothing says so.

    Nothing at all where no part finds anything.
    """
    if not any(composed.supports for composed in said):
        return []
    sentences: list[Support] = []
    for evidence, composed in zip(found, said, strict=True):
        nothing = Support(f"关于“{evidence.question.rstrip('？?')}”，{REFUSAL}", (), 0.0)
        sentences += composed.supports or [nothing]
    compared = verdict([evidence.question for evidence in found], said)
    return once([*sentences, compared] if compared else sentences)


def _united(found: Sequence[Evidence]) -> Evidence:
    """The evidence of all parts of a question as one, each passage once."""
    if len(found) == 1:
        return found[0]
    hits = {hit.passage.id: hit for evidence in found for hit in evidence.hits}
    older = {hit.passage.id: hit for evidence in found for hit in evidence.older}
    return Evidence(
        " ".join(evidence.question for evidence in found),
        tuple(hits.values()),
        min(evidence.coverage for evidence in found),
        older=tuple(older.values()),
    )
