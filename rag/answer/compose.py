"""From evidence and a draft to the sentences that are shown: read, decide, verify."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answer.abstain import Abstainer, Signals, signals
from rag.answer.align import Aligner, Source, Support, evidence_sentences, split_answer
from rag.answer.cite import cite
from rag.answer.conflicts import conflicting, with_dates
from rag.answer.fits import fits
from rag.answer.names import Tagger
from rag.answer.numbers import unsupported
from rag.answer.prompt import says_nothing_found
from rag.answer.reading import Reading, nearness_by, read
from rag.answer.shapes import asks_for_list
from rag.answer.verify import once, quotation, verify
from rag.models.encoder import Encoder
from rag.retrieve.lexicon import Lexicon
from rag.types import Check, Evidence, Outcome

QUOTE_CHARS = 60
"""A sentence of the evidence up to this length answers by itself, better than its retelling."""

LIST_CHARS = 200
"""The same where a list is asked for: the generator shortens lists."""


@dataclass(frozen=True, slots=True)
class Composed:
    """What is shown (nothing: a refusal), how sure that is, and what was found of the draft."""

    supports: tuple[Support, ...]
    confidence: float | None
    checks: tuple[Check, ...]

    @property
    def text(self) -> str:
        """The sentences with their markers, as if the answer were these alone; and an end of line
        where there are any.
        """
        return cite(self.supports)[0] + "\n" * bool(self.supports)


class Composer:
    """Turns drafts into verified sentences."""

    def __init__(
        self,
        lexicon: Lexicon,
        encoder: Encoder,
        abstainer: Abstainer,
        tagger: Tagger | None = None,
    ) -> None:
        self._lexicon = lexicon
        self._nearness = nearness_by(encoder)
        self._aligner = Aligner(lexicon, encoder)
        self._abstainer = abstainer
        self._tagger = tagger

    def compose(self, evidence: Evidence, draft: str) -> Composed:
        """The sentences to show for one draft; an empty draft is a refusal."""
        reading, found = self._look(evidence, draft)
        sentences = split_answer(draft.strip())
        if reading is None or found is None or not sentences:
            return Composed((), 0.0, _all(sentences, "dropped", "资料说的不是所问的对象或年份"))
        confidence = round(self._abstainer.probability(found), 4)
        if self._abstainer.refuses(found):
            reason = f"资料很可能没有答案（把握 {confidence:.0%}）"
            return Composed((), confidence, _all(sentences, "dropped", reason))
        told = self._other_issues(evidence, reading)
        if told:
            checks = _all(sentences, "passed over", "各期报道的数字不同，一并引用")
            return Composed(tuple(with_dates(*told, evidence.question)), confidence, checks)
        if found.silent:
            checks = _all(sentences, "passed over", "资料中有切题的句子，直接引用")
            return Composed((quotation(reading.asked.source),), confidence, checks)
        if not reading.agree:
            quotes = once([quotation(reading.drafted.source), quotation(reading.asked.source)])
            checks = _all(sentences, "passed over", "草稿所据的句子未必最切题，改为引用原文")
            return Composed(tuple(quotes), confidence, checks)
        return self._verified(evidence, reading, sentences, confidence)

    def _other_issues(
        self, evidence: Evidence, reading: Reading
    ) -> tuple[Source, list[Source]] | None:
        """A reading's sentence and those in which other issues give another figure for it."""
        others = evidence_sentences(evidence.wider)
        for own in dict.fromkeys((reading.asked.source, reading.drafted.source)):
            rivals = conflicting(own, others, evidence.question, self._lexicon, self._tagger)
            if rivals:
                return own, rivals
        return None

    def signals(self, evidence: Evidence, draft: str) -> Signals | None:
        """What the decision to answer rests on; None where there is no evidence."""
        return self._look(evidence, draft)[1]

    def _look(self, evidence: Evidence, draft: str) -> tuple[Reading | None, Signals | None]:
        words = "" if says_nothing_found(draft) else draft.strip()
        reading = read(
            evidence.question, words, evidence.hits, self._lexicon, self._nearness, self._tagger
        )
        if reading is None:
            return None, None
        return reading, signals(evidence, draft, reading, self._lexicon, self._tagger)

    def _verified(
        self, evidence: Evidence, reading: Reading, sentences: list[str], confidence: float
    ) -> Composed:
        """The draft, where it agrees with the evidence."""
        best = quotation(reading.asked.source)
        limit = LIST_CHARS if asks_for_list(evidence.question) else QUOTE_CHARS
        quotable = len(sentences) == 1 and len(best.text) <= limit
        if quotable and not unsupported(sentences[0], [best.text]):
            checks = _all(sentences, "replaced", "原文更完整，直接引用")
            return Composed((best,), confidence, checks)
        sources = evidence_sentences(evidence.hits)
        shown, verdicts = verify(sentences, evidence.question, sources, self._aligner, self._tagger)
        said = "".join(support.text for support in shown)
        if fits(evidence.question, said) < reading.asked.fitting:
            checks = _all(sentences, "passed over", "所写的不是所问的那类内容，改为引用原文")
            return Composed((best,), confidence, checks)
        return Composed(tuple(shown or [best]), confidence, tuple(verdicts))


def _all(sentences: list[str], outcome: Outcome, reason: str) -> tuple[Check, ...]:
    return tuple(Check(sentence, outcome, reason, 0.0) for sentence in sentences)
