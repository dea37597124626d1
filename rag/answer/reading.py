"""Which sentence of the evidence answers the question: the extractive reading.

A sentence is ranked by the share of the question's words that it holds, weighted by rarity,
and by the score of its passage. The generator's draft is a second opinion: ranked once more
with the draft's own words, the evidence shows what the draft was read from. Where both
rankings put the same sentence first, draft and evidence agree, and the draft is right about
four times in five; where they differ it is right about one time in three (`benchmarks/
reading.md`), and the answer quotes both sentences instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answer.align import Source, evidence_sentences
from rag.answer.eligible import eligible
from rag.answer.fits import fits
from rag.answer.names import Tagger
from rag.models.encoder import Encoder
from rag.retrieve.fuse import min_max
from rag.retrieve.lexicon import ASKING, Lexicon
from rag.types import Article, Hit, Sentence

NEAR = 0.3
"""Weight of the encoder's cosine: it finds what is asked in other words."""
FITTING = 0.15
"""Weight of holding the kind of thing asked for: a day, a share, a count."""

Nearness = Callable[[str, tuple[str, ...]], Sequence[float]]
"""Of a question to each of some sentences, scaled to 0..1 over the sentences."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of the evidence. Shares and score are 0 to 1.

    asked: share of the question's words that it holds. passage: score of its passage. drafted:
    share of the draft's own words (those that the question lacks) that it holds. near: cosine with
    the question, scaled over the candidates. fitting: whether it holds the kind of thing that
    is asked for.
    """

    source: Source
    asked: float
    passage: float
    drafted: float
    near: float = 0.0
    fitting: float = 0.0

    @property
    def by_question(self) -> float:
        """Rank without the draft."""
        return self.asked + self.passage + NEAR * self.near + FITTING * self.fitting

    @property
    def by_draft(self) -> float:
        """Rank with the draft."""
        return self.by_question + self.drafted


@dataclass(frozen=True, slots=True)
class Reading:
    """The two readings of the evidence.

    asked: the sentence that the question points to. drafted: the one that question and draft
    point to together. all: every candidate, in the order of the evidence.
    """

    asked: Candidate
    drafted: Candidate
    all: tuple[Candidate, ...]

    @property
    def agree(self) -> bool:
        """Whether both point to the same sentence."""
        return self.asked.source[1] == self.drafted.source[1]


def read(
    question: str,
    draft: str,
    hits: Sequence[Hit],
    lexicon: Lexicon,
    nearness: Nearness,
    tagger: Tagger | None = None,
) -> Reading | None:
    """Rank the sentences that can answer; None where no sentence of the evidence can."""
    wanted = {token for token in lexicon.tokens(question) if token not in ASKING}
    own = lexicon.tokens(draft) - wanted
    sources = eligible(question, evidence_sentences(hits), tagger)
    if not sources:
        return None
    cosines = nearness(question, tuple(sentence.text for _article, sentence in sources))
    candidates = []
    for (article, sentence), near in zip(sources, cosines, strict=True):
        held = lexicon.tokens(sentence.text)
        score = max(hit.score for hit in hits if _holds(hit, article, sentence))
        candidates.append(
            Candidate(
                (article, sentence),
                lexicon.share(wanted, held),
                score,
                lexicon.share(own, held),
                near,
                fits(question, sentence.text),
            )
        )
    return Reading(
        max(candidates, key=lambda c: c.by_question),
        max(candidates, key=lambda c: c.by_draft),
        tuple(candidates),
    )


def nearness_by(encoder: Encoder) -> Nearness:
    """By cosine. Remembers the last few: one evidence is read for each sentence of a draft."""

    @lru_cache(maxsize=16)
    def nearness(question: str, sentences: tuple[str, ...]) -> tuple[float, ...]:
        vectors = encoder.encode_passages(list(sentences))
        return tuple(map(float, min_max(vectors @ encoder.encode_queries([question])[0])))

    return nearness


def _holds(hit: Hit, article: Article, sentence: Sentence) -> bool:
    return hit.article.id == article.id and hit.passage.start <= sentence.start < hit.passage.end
