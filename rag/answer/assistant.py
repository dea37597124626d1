"""The ask flow, and the one place where its parts are wired together."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from rag.answer.abstain import DEFAULTS, Abstainer, Signals
from rag.answer.align import Support
from rag.answer.compose import Composed, Composer
from rag.answer.examples import example_questions
from rag.answer.names import pos_tagger
from rag.answer.prompt import REFUSAL, messages
from rag.config import Settings
from rag.errors import IndexDamaged, QuestionError, StoreError
from rag.index.build import build, is_current
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.models.encoder import Encoder, SentenceEncoder
from rag.models.generator import Generator, TransformersGenerator
from rag.progress import Progress, Silent
from rag.retrieve.retriever import Retriever
from rag.types import Answer, Article, Citation, Draft, Evidence, Hit, Manifest, Timings

HOPELESS = 0.1
"""Where the passages hold less of the question's words, the generator is not asked at all."""


class Assistant:
    """Answers questions from one snapshot of the index. Safe to share between threads."""

    def __init__(
        self, snapshot: Snapshot, encoder: Encoder, generator: Generator, settings: Settings
    ) -> None:
        self.settings = settings
        self._snapshot = snapshot
        self._encoder = encoder
        self._generator = generator
        self._retriever = Retriever(snapshot, encoder, settings)
        self._composer = Composer(
            self._retriever.lexicon,
            encoder,
            Abstainer.load(settings.abstain if settings.abstain.exists() else DEFAULTS),
            pos_tagger(settings.cache_dir),
        )

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> Assistant:
        """Load the index and both models. Raises StoreError or ModelError."""
        progress = progress or Silent()
        encoder = SentenceEncoder.open(settings, progress)
        snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
        return cls(snapshot, encoder, TransformersGenerator.open(settings, progress), settings)

    @property
    def manifest(self) -> Manifest:
        """What the index holds."""
        return self._snapshot.manifest

    def articles(self) -> Sequence[Article]:
        """All articles, in the order of their issues."""
        return self._snapshot.articles

    def article(self, article_id: str) -> Article:
        """Raises StoreError for an id that the index in use does not hold."""
        try:
            return self._snapshot.article(article_id)
        except KeyError:
            raise StoreError(f"no article {article_id} in the index; ask again") from None

    def examples(self, n: int = 4) -> list[str]:
        """Questions that the corpus answers, one from an article."""
        return example_questions(self._snapshot.articles, n)

    def search(self, question: str, k: int = 10) -> list[Hit]:
        """The `k` best passages. Raises QuestionError for an empty or overlong question."""
        return self._retriever.search(checked(question, self.settings), max(1, k))

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer one question; `history` holds earlier ones of the conversation."""
        *_drafts, answer = self.stream(question, history)
        if not isinstance(answer, Answer):
            raise AssertionError("the stream ends with an Answer")
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> Iterator[Draft | Answer]:
        """Drafts as they are written, then the Answer.

        A cancelled stream still ends with an Answer over what was written so far. Raises
        QuestionError for an empty or overlong question.
        """
        question = checked(question, self.settings)
        start = time.perf_counter()
        yield Draft("retrieve")
        evidence = self._retriever.evidence(standalone(question, history))
        retrieved = time.perf_counter() - start
        first: float | None = None
        written = ""
        if evidence.hits and evidence.coverage >= HOPELESS:
            yield Draft("read")
            for piece in self._write(evidence, cancel):
                first = first or time.perf_counter() - start
                written += piece
                yield Draft("read", written)
            yield Draft("check", written)
        composed = self._composer.compose(evidence, written)
        total = time.perf_counter() - start
        yield self._answer(question, evidence, composed, Timings(retrieved, first, total))

    def signals(self, question: str, history: Sequence[str] = ()) -> Signals | None:
        """What the decision to answer a question rests on, for calibration."""
        evidence = self._retriever.evidence(standalone(question, history))
        draft = "".join(self._write(evidence, None)) if evidence.hits else ""
        return self._composer.signals(evidence, draft)

    def _write(self, evidence: Evidence, cancel: threading.Event | None) -> Iterator[str]:
        prompt = messages(evidence.question, evidence.hits)
        limit = self.settings.answer_tokens
        yield from self._generator.stream(prompt, max_tokens=limit, cancel=cancel)

    def _answer(
        self, question: str, evidence: Evidence, composed: Composed, timings: Timings
    ) -> Answer:
        text, citations = cite(composed.supports)
        return Answer(
            question=question,
            text=text or REFUSAL,
            refused=not text,
            citations=citations,
            evidence=evidence,
            timings=timings,
            index_version=self.manifest.version,
            generator=self._generator.name,
            encoder=self._encoder.name,
            standalone=evidence.question,
            confidence=composed.confidence,
            checks=composed.checks,
        )


def cite(supports: Sequence[Support]) -> tuple[str, tuple[Citation, ...]]:
    """Put markers behind sentences, numbered in the order in which sources first appear.

    The marker stands before the closing mark, as in print: ……15个[1]。
    """
    citations: dict[tuple[str, int], Citation] = {}
    text = ""
    for support in supports:
        markers: list[str] = []
        for article, sentence in support.quotes:
            citation = citations.setdefault(
                (article.id, sentence.start),
                Citation(
                    marker=f"[{len(citations) + 1}]",
                    article_id=article.id,
                    headline=article.headline,
                    issue=article.issue_id,
                    date=article.date,
                    reporters=article.reporters,
                    quote=sentence.text,
                    start=sentence.start,
                    end=sentence.end,
                ),
            )
            markers.append(citation.marker)
        body = re.fullmatch(r"(.*?)([。！？!?…；;.]*)", support.text, re.DOTALL)
        words, mark = (body.group(1), body.group(2)) if body else (support.text, "")
        text += f"{words}{''.join(markers)}{mark or '。'}"
    return text, tuple(citations.values())


def open_search(
    settings: Settings, progress: Progress | None = None
) -> Callable[[str, int], list[Hit]]:
    """Search alone, for which no generator is loaded. Raises StoreError or ModelError."""
    encoder = SentenceEncoder.open(settings, progress)
    snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
    retriever = Retriever(snapshot, encoder, settings)
    return lambda question, k: retriever.search(checked(question, settings), k)


def open_current(settings: Settings, progress: Progress, say: Callable[[str], None]) -> Assistant:
    """Open, after building where the corpus has changed or the index cannot be used."""
    encoder = SentenceEncoder.open(settings, progress)
    try:
        if not is_current(settings, encoder.name):
            build(settings, encoder, progress)
        snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
    except IndexDamaged as error:
        say(f"{error}; building it again")
        build(settings, encoder, progress)
        snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
    for item in snapshot.manifest.unreadable:
        say(f"skipped {item.source}: {item.reason}")
    return Assistant(snapshot, encoder, TransformersGenerator.open(settings, progress), settings)


def checked(question: str, settings: Settings) -> str:
    """The question without white space around it. Raises QuestionError for none, or a long one."""
    question = question.strip()
    if not question:
        raise QuestionError("the question is empty; type one")
    limit = settings.question_chars
    if len(question) > limit:
        raise QuestionError(
            f"the question has {len(question)} characters; {limit} are the most, shorten it"
        )
    return question


_FOLLOWING = re.compile(
    r"^(?:那么?|它|他|她|这|那|其|该|还有|另外|谁|什么时候|为什么|怎么)|呢[？?]?$"
)


def standalone(question: str, history: Sequence[str]) -> str:
    """A follow-up with what it follows put before it; any other question as it is."""
    if history and (len(question) <= 8 or _FOLLOWING.search(question)):
        return f"{history[-1].strip()} {question}"
    return question
