"""Text to search tokens: jieba in search mode, with a user dictionary drawn from the corpus.

The dictionary holds what a newspaper names and jieba does not know: organisations, parks, and
names between 《》 and “”. A term enters with a frequency computed from jieba's own dictionary
and leaves the total untouched, so the cut of a text depends on the terms that stand in it and
on no others: an article that arrives changes no cut of articles that lack its terms.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.types import Article

BRACKETED = re.compile(r"《([^《》\n]{2,30})》|“([^“”\n]{2,12})”")
SUFFIX = (
    "有限公司|公司|集团|实验室|大学|学院|研究院|研究所|科学院|工程院|高新区|高新技术产业开发区|"
    "工业园区|科技园|产业园|科学城|开发区|新区|示范区|管委会|委员会|银行|基金会|协会|联盟"
)
# Words that stand before a name and are no part of it.
_BOUNDARY = (
    "的在与和由了是对为向从等将把被据及以到于让使给所有该本各这那其并也还就都或经因"
    "，。、；：！？“”‘’《》（）()【】,.;:!?"
)
ORGANISATION = re.compile(rf"[^\s{_BOUNDARY}]{{2,14}}?(?:{SUFFIX})(?!.?(?:{SUFFIX}))")
LONGEST = 20
"""Characters of a term."""
_WORD = re.compile(r"\w")


def harvest(article: Article) -> set[str]:
    """Names that an article itself shows to be names. 2 to 20 characters each."""
    text = f"{article.headline}\n{article.text}"
    terms = {a or b for a, b in BRACKETED.findall(text)}
    terms.update(ORGANISATION.findall(text))
    terms.update(name for name in article.reporters + article.correspondents)
    return {t for t in terms if 2 <= len(t) <= LONGEST and re.fullmatch(r"[\w·+\-]+", t)}


class Segmenter:
    """Cuts text into search tokens, with the terms of one index generation."""

    def __init__(
        self, terms: Iterable[str], cache_dir: Path, known: Mapping[str, int] | None = None
    ) -> None:
        """known: `frequencies` of an earlier one; to compute those of half a million terms
        takes many seconds.
        """
        self._jieba = _tokenizer(cache_dir)
        known = known or {}
        self.frequencies: Mapping[str, int] = {
            term: known[term] if term in known else self.frequency(normalise(term))
            for term in sorted(set(terms))
        }
        """Of each term, sorted."""
        for name, frequency in self.frequencies.items():
            term = normalise(name)
            self._jieba.FREQ[term] = frequency
            for end in range(1, len(term)):
                self._jieba.FREQ.setdefault(term[:end], 0)

    @property
    def terms(self) -> Collection[str]:
        """Those of the corpus, sorted."""
        return self.frequencies.keys()

    def terms_in(self, text: str) -> set[str]:
        """The terms that stand in a text."""
        starts, sizes = range(len(text)), range(1, LONGEST + 1)
        pieces = {text[start : start + size] for start in starts for size in sizes}
        return pieces & self.frequencies.keys()

    def frequency(self, term: str) -> int:
        """Just enough for the term to win over its own parts (jieba's `suggest_freq`); its own
        where it does already, so that a common word in quotation marks changes no cut.
        """
        known, share = int(self._jieba.FREQ.get(term, 0)), 1.0
        parts = self._jieba.lcut(term, HMM=False)
        if known and parts == [term]:
            return known
        for part in parts:
            share *= self._jieba.FREQ.get(part, 1) / self._jieba.total
        return max(int(share * self._jieba.total) + 1, known)

    def tokens(self, text: str) -> list[str]:
        """Search tokens in order, in normal form; marks and spaces are left out."""
        return [t for t in self._jieba.lcut_for_search(normalise(text)) if _WORD.search(t)]

    def words(self, text: str) -> list[str]:
        """The plain cut, each character in one word only; marks and spaces are left out."""
        return [t for t in self._jieba.lcut(normalise(text)) if _WORD.search(t)]


def teaching(terms: Iterable[str], cache_dir: Path) -> set[str]:
    """Of the terms, in normal form, those that jieba's own dictionary would cut apart.

    Only these have a say in how a text is cut, and only in a text that holds them.
    """
    base, _total = _base_dictionary(cache_dir)
    known = Segmenter((), cache_dir)
    return {t for t in map(normalise, terms) if known.frequency(t) != base.get(t)}


def normalise(text: str) -> str:
    """NFKC and lower case: half-width and full-width forms match."""
    return unicodedata.normalize("NFKC", text).lower()


def _tokenizer(cache_dir: Path) -> Any:  # noqa: ANN401 (jieba has no types)
    """A jieba of our own, with a copy of the base dictionary to add to."""
    import jieba

    tokenizer = jieba.Tokenizer()
    frequencies, total = _base_dictionary(cache_dir)
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = dict(frequencies), total, True
    return tokenizer


@lru_cache(maxsize=1)
def _base_dictionary(cache_dir: Path) -> tuple[dict[str, int], int]:
    """jieba's words and their total, read once. Its cache goes to our folder: it would be read
    from the shared temporary folder otherwise.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    cache_dir.mkdir(parents=True, exist_ok=True)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(cache_dir)
    tokenizer.initialize()
    return tokenizer.FREQ, tokenizer.total
