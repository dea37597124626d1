"""Which evidence sentences an answer sentence rests on.

A sentence of the answer is compared with each sentence of the evidence by the share of its
words, weighted by how much each tells in the corpus, that stand there; figures count double,
for they are what readers check. Among sentences that come close, two things decide: the
question's words (an answer of one word takes the sentence that also speaks of what was asked),
and the encoder's cosine (a paraphrase shares few words with what it says again).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from rag.answer.numbers import normal_figures
from rag.index.words import normalise
from rag.ingest.chunk import sentence_ranges
from rag.models.encoder import Encoder
from rag.retrieve.lexicon import ASKING, Lexicon
from rag.types import Article, Hit, Sentence

_FIGURE = re.compile(r"\d+(?:\.\d+)?%?")
_MIN_SUPPORT = 0.5
_MIN_GAIN = 0.15
_MAX_QUOTES = 3
_TIE = 0.3
_COMPARED = 4
_CLOSE = 0.2

Source = tuple[Article, Sentence]


@dataclass(frozen=True, slots=True)
class Support:
    """The evidence sentences that an answer sentence rests on, best first; share 0 to 1."""

    text: str
    quotes: tuple[Source, ...]
    share: float


def evidence_sentences(hits: Sequence[Hit]) -> list[Source]:
    """The sentences of the passages, in their order, each once."""
    found: dict[tuple[str, int], tuple[Article, Sentence]] = {}
    for hit in hits:
        article, passage = hit.article, hit.passage
        for left, right in sentence_ranges(passage.text):
            start, end = passage.start + left, passage.start + right
            sentence = Sentence(article.id, start, end, article.text[start:end])
            found.setdefault((article.id, start), (article, sentence))
    return list(found.values())


def split_answer(text: str) -> list[str]:
    """An answer's sentences, without white space around them."""
    return [text[start:end] for start, end in sentence_ranges(text)]


class Aligner:
    """Aligns with one lexicon and, where given, one encoder."""

    def __init__(self, lexicon: Lexicon, encoder: Encoder | None = None) -> None:
        self._lexicon = lexicon
        self._encoder = encoder

    def align(self, sentence: str, question: str, evidence: Sequence[Source]) -> Support:
        """The fewest evidence sentences (three at the most) that cover an answer sentence.

        `quotes` is empty where not even half of the sentence's weight stands in the evidence.
        """
        wanted = self._terms(sentence)
        total = sum(wanted.values())
        if not total or not evidence:
            return Support(sentence, (), 0.0)
        held = [self._terms(source.text).keys() for _article, source in evidence]
        ties = self._ties(sentence, question, evidence, wanted, held)
        chosen: list[int] = []
        missing = set(wanted)
        while missing and len(chosen) < min(_MAX_QUOTES, len(evidence)):
            gains = [_gain(missing, wanted, terms) for terms in held]
            best = max(range(len(held)), key=lambda i: gains[i] + ties[i])
            if gains[best] < _MIN_GAIN:
                break
            chosen.append(best)
            missing -= held[best]
        share = 1 - sum(wanted[t] for t in missing) / total
        quotes = tuple(evidence[i] for i in chosen) if share >= _MIN_SUPPORT else ()
        return Support(sentence, quotes, share)

    def words(self, text: str) -> list[str]:
        """The words of a text that say something, in order and in normal form."""
        return [w for w in self._lexicon.words(text) if len(w) > 1 and w not in ASKING]

    def _ties(
        self,
        sentence: str,
        question: str,
        evidence: Sequence[Source],
        wanted: dict[str, float],
        held: Sequence[Set[str]],
    ) -> list[float]:
        """What decides between sentences that hold about as many of the words.

        The share of the question's words, and, for the few that come closest, the cosine
        between answer and evidence sentence: paraphrases share few words.
        """
        asked = self._terms(question)
        ties = [_TIE * _gain(asked.keys(), asked, terms) for terms in held]
        if self._encoder is None:
            return ties
        gains = [_gain(wanted.keys(), wanted, terms) for terms in held]
        close = sorted(range(len(held)), key=lambda i: -gains[i])[:_COMPARED]
        close = [i for i in close if gains[i] >= max(gains) - _CLOSE]
        if len(close) > 1:
            texts = [sentence, *(evidence[i][1].text for i in close)]
            vectors = self._encoder.encode_passages(texts)
            for i, cosine in zip(close, vectors[1:] @ vectors[0], strict=True):
                ties[i] += _TIE * float(cosine)
        return ties

    def _terms(self, text: str) -> dict[str, float]:
        """Words and figures of a text with their weights; a figure counts double.

        The constant keeps a small corpus fair: there, words that it lacks outweigh all others.
        """
        text = normal_figures(text)
        words = (word for word in self._lexicon.words(text) if not _FIGURE.fullmatch(word))
        terms = {word: 1 + self._lexicon.weight(word) for word in words}
        found = _FIGURE.findall(normalise(text))
        return terms | {f"#{figure}": 2 + 2 * self._lexicon.weight(figure) for figure in found}


def _gain(missing: Set[str], weights: dict[str, float], held: Set[str]) -> float:
    """The share of all weight that is missing and held."""
    total = sum(weights.values())
    return sum(weights[term] for term in missing & held) / total if total else 0.0
