"""A large corpus made of a small one: its sentences in new combinations, its vectors with noise."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import numpy as np

from rag.index.generation import Generation
from rag.index.segment import Part, key, to_keys
from rag.index.words import Segmenter
from rag.ingest.chunk import passages
from rag.ingest.readers import read_issue
from rag.models.encoder import Vectors
from rag.progress import Advance

NOISE = 0.5
ARTICLES = 20
"""Of a page of the corpus, so that there are fewer files."""
SENTENCES = range(6, 20)
"""Of an article: some three passages."""
FIRST = date(1995, 1, 1)


class Noisy:
    """Vectors of real passages with noise, under the name of their encoder.

    A real vector and half the difference of two others, so that the noise has the shape of the
    real vectors (few directions that matter), and a passage's neighbours are about as near to
    it as in the real corpus.
    """

    def __init__(self, name: str, real: Vectors) -> None:
        self.name, self.dimensions, self._real = name, real.shape[1], real
        self._random = np.random.default_rng(0)

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """float32 [n, d], unit rows, whatever the texts."""
        chosen = self._random.integers(0, len(self._real), (3, len(texts)))
        rows = self._real[chosen[0]] + NOISE * (self._real[chosen[1]] - self._real[chosen[2]])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows.astype(np.float32)

    encode_queries = encode_passages


class Recombined(Segmenter):
    """Cuts each sentence once: the cut of a text is that of its sentences."""

    _known: dict[str, list[str]] | None = None

    def tokens(self, text: str) -> list[str]:
        """See `Segmenter`."""
        known = self._known = self._known or {}
        found: list[str] = []
        for sentence in re.findall(r"[^。\n]+[。\n]?", text):
            if sentence not in known:
                known[sentence] = super().tokens(sentence)
            found += known[sentence]
        return found


class Copies:
    """Copies of the one segment of an index, with ids, names and vectors of their own.

    Their files are not to be read: their hashes are those of the sources, as they are of files
    that were read before.
    """

    def __init__(self, base: Generation, corpus: Path, encoder: Noisy) -> None:
        self._base, self._corpus, self._encoder = base, corpus, encoder
        self.sources = list(base.sources)
        self.terms = dict(base.terms)

    def part(self, number: int) -> Part:
        """A copy of the segment; its files are written, its sources and terms are kept."""
        (segment,) = self._base.segments
        part = segment.part
        names = [article.id for article in segment.articles]
        own = {name: key(f"{number}{name}".encode()).hex()[:16].encode() for name in names}
        lines = [
            line.replace(name.encode(), own[name])
            for name, line in zip(names, part.article_lines, strict=True)
        ]
        owners = np.repeat(np.arange(len(names)), np.diff(part.bounds))
        passage_lines = [
            line.replace(names[owner].encode(), own[names[owner]])
            for owner, line in zip(owners, part.passage_lines, strict=True)
        ]
        keys = [key(line) for line in lines]
        self._add_sources(number, dict(zip(names, keys, strict=True)), own)
        return replace(
            part,
            article_lines=lines,
            passage_lines=passage_lines,
            article_keys=to_keys(keys),
            vectors=self._encoder.encode_passages(passage_lines),
            approximate=None,
        )

    def _add_sources(
        self, number: int, keys: Mapping[str, bytes], own: Mapping[str, bytes]
    ) -> None:
        for source in self._base.sources:
            data = (self._corpus / source.file).read_bytes() + f"{number}".encode()
            name = f"c{number:02}-{source.file}"
            (self._corpus / name).write_bytes(data)
            articles = tuple((own[a].decode(), keys[a].hex()) for a, _key in source.articles)
            terms = tuple(f"{term}{number}" for term in source.terms)
            self.terms.update((f"{t}{number}", self._base.terms[t]) for t in source.terms)
            digest = hashlib.sha256(data).hexdigest()
            self.sources.append(
                replace(source, file=name, sha256=digest, articles=articles, terms=terms)
            )


def page(number: int, held: Sequence[str], chance: random.Random, articles: int = ARTICLES) -> str:
    """Articles of new combinations of sentences, as .jsonl; each names a thing of its own."""
    day = FIRST + timedelta(number)
    return "".join(
        json.dumps(
            {
                "id": f"{number}-{part}",
                "title": chance.choice(held)[:20],
                "date": day.isoformat(),
                "text": f"第{number}区引进“{number}号产线{part}型”。"
                + "".join(chance.choices(held, k=chance.choice(SENTENCES))),
            },
            ensure_ascii=False,
        )
        + "\n"
        for part in range(articles)
    )


def make_corpus(folder: Path, wanted: int, held: Sequence[str], chance: random.Random) -> None:
    """Pages until they hold about as many passages as wanted."""
    folder.mkdir()
    held_now = 0
    for number in count():
        path = folder / f"p{number:05}.jsonl"
        path.write_text(page(number, held, chance), "utf-8")
        if number < 50:  # what a page holds differs little from page to page
            held_now += sum(len(passages(a)) for a in read_issue(path, folder).articles)
        else:
            held_now += held_now // number
        if held_now >= wanted:
            return
