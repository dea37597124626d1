"""Which evidence sentences an answer sentence rests on.

A sentence of the answer is compared with each sentence of the evidence by the share of its
words, weighted by how much each tells in the corpus, that stand there; figures count double,
for they are what readers check. The question's words break ties: an answer of one word takes
the sentence that also speaks of what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from rag.index.words import normalise
from rag.ingest.chunk import sentence_ranges
from rag.types import Article, Hit, Sentence

_FIGURE = re.compile(r"\d+(?:\.\d+)?%?")
_MIN_SUPPORT = 0.5
_MIN_GAIN = 0.15
_MAX_QUOTES = 3

Words = Callable[[str], list[str]]
Weight = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Support:
    """The evidence sentences that an answer sentence rests on, best first; share 0 to 1."""

    text: str
    quotes: tuple[tuple[Article, Sentence], ...]
    share: float


def evidence_sentences(hits: Sequence[Hit]) -> list[tuple[Article, Sentence]]:
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


def align(
    sentence: str,
    question: str,
    evidence: Sequence[tuple[Article, Sentence]],
    words: Words,
    weight: Weight,
) -> Support:
    """The fewest evidence sentences (three at the most) that cover an answer sentence.

    `quotes` is empty where not even half of the sentence's weight stands in the evidence.
    """
    wanted = _terms(sentence, words, weight)
    asked = _terms(question, words, weight)
    total = sum(wanted.values())
    if not total:
        return Support(sentence, (), 0.0)
    held = [_terms(item.text, words, weight).keys() for _article, item in evidence]
    chosen: list[int] = []
    missing = set(wanted)
    while len(chosen) < _MAX_QUOTES:
        best = _best(missing, wanted, asked, held, chosen)
        found = missing & held[best] if best is not None else set()
        if best is None or sum(wanted[t] for t in found) / total < _MIN_GAIN:
            break
        chosen.append(best)
        missing = missing - found
    share = 1 - sum(wanted[t] for t in missing) / total
    quotes = tuple(evidence[i] for i in chosen) if share >= _MIN_SUPPORT else ()
    return Support(sentence, quotes, share)


def _best(
    missing: Set[str],
    wanted: dict[str, float],
    asked: dict[str, float],
    held: Sequence[Set[str]],
    chosen: Sequence[int],
) -> int | None:
    """The sentence that adds most of what is missing; the question's words break ties."""

    def gain(i: int) -> float:
        new = sum(wanted[t] for t in missing & held[i]) / sum(wanted.values())
        tie = sum(asked[t] for t in asked.keys() & held[i]) / (sum(asked.values()) or 1)
        return new + 0.3 * tie

    return max((i for i in range(len(held)) if i not in chosen), key=gain, default=None)


def _terms(text: str, words: Words, weight: Weight) -> dict[str, float]:
    """Words and figures of a text with their weights; a figure counts double."""
    terms = {word: weight(word) for word in words(text) if not _FIGURE.fullmatch(word)}
    terms.update({f"#{figure}": 2 * weight(figure) for figure in _FIGURE.findall(normalise(text))})
    return terms
