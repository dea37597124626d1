"""Summaries made of an article's own sentences: nothing in them can be wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.answer.align import Source, Support
from rag.answer.cite import unpaired
from rag.answer.eligible import is_instruction, says_nothing
from rag.answer.verify import quotation
from rag.ingest.chunk import sentences
from rag.models.encoder import Encoder
from rag.types import Article, Sentence

SENTENCES = 3
_READ = 24
_SHORT, _LONG = 12, 140


def summarise(target: Article | Sequence[Article], encoder: Encoder) -> list[Support]:
    """Of one article its lead and the sentences nearest to the whole; of several, their leads."""
    if isinstance(target, Article):
        return [quotation(source) for source in _central(target, encoder)]
    return [
        Support(f"《{article.title}》：{sources[0][1].text}", (sources[0],), 1.0)
        for article in target
        if (sources := _telling(article))
    ]


def _telling(article: Article) -> list[Source]:
    """Sentences of the body that are neither captions nor fragments nor too long to show.

    Nor what someone is quoted as saying: who 我们 is would be lost.
    """
    body = min((s.start for s in article.sections if s.kind != "section"), default=None)
    end = len(article.text) if body is None else body
    found: list[Sentence] = [s for s in sentences(article) if s.end <= end]
    short = [s for s in found if _SHORT <= len(s.text) <= _LONG]
    told = [s for s in short if not _spoken(s.text) and not is_instruction(s.text)]
    return [(article, sentence) for sentence in told or short or found]


def _central(article: Article, encoder: Encoder) -> list[Source]:
    """The lead and the two sentences whose vectors are nearest to the mean, in printed order."""
    sources = _telling(article)[:_READ]
    if len(sources) <= SENTENCES:
        return sources
    vectors = encoder.encode_passages([sentence.text for _article, sentence in sources])
    nearest = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")
    chosen = {0, *[int(i) for i in nearest if i != 0][: SENTENCES - 1]}
    return [sources[i] for i in sorted(chosen)]


def _spoken(text: str) -> bool:
    return "我" in text or bool(unpaired(text)) or says_nothing(text)
