"""Texts compared with what was expected of them, in one normal form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from rag.answer.figures import Figure, figures
from rag.answer.numbers import normal_figures, unsupported
from rag.evaluate.record import Case
from rag.index.words import normalise
from rag.ingest.chunk import sentence_ranges

MARKER = re.compile(r"\[\d+\]")
_CITED = re.compile(r"(.+?)((?:\[\d+\])+)", re.DOTALL)
_LATE = re.compile(r"([。！？!?…”’」』）)\"']+)((?:\[\d+\])+)")
_LOOSE_SPACE = re.compile(r"(?<![a-z0-9])\s+|\s+(?![a-z0-9])")
_RANGED = re.compile("[0-9]°?[a-z]*-$")  # units in lower case are unknown to `figures`
_MARKS = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """The normal form: figures as `normal_figures` writes them, half-width, lower case.

    Markers are left out, and so are spaces, but for those between Latin words and figures.
    """
    return _LOOSE_SPACE.sub("", normalise(normal_figures(MARKER.sub("", text))))


def holds(text: str, expected: str) -> bool:
    """Whether the text holds the expected words in normal form; empty words are held nowhere.

    A figure is held whole or not at all: 5个 is not in 15个, nor 15个 in 15个月. An expected
    figure without a unit is in one with a unit (15 in 15个), and an expected date in one that
    is more precise (3月 in 2021年3月5日).
    """
    wanted = normal(expected)
    form, found = _form(text)
    return any(_whole(form, found, m.start(), wanted) for m in _places(wanted, form))


def holds_any(text: str, expected: Sequence[str]) -> bool:
    """Whether the text holds one of the expected words."""
    return any(holds(text, words) for words in expected)


def references(case: Case) -> tuple[str, ...]:
    """The expected answers, any of which is right; the quotes where no other words are given."""
    together = "，".join(case.all_of)
    if case.any_of:
        return tuple("，".join(filter(None, (together, words))) for words in case.any_of)
    return (together,) if together else case.quotes


def character_f1(text: str, expected: Sequence[str]) -> float:
    """F1 of the characters in common with the best expected answer, 0 to 1; marks left out."""
    return max((_f1(_letters(text), _letters(words)) for words in expected), default=0.0)


def word_f1(text: str, expected: Sequence[str]) -> float:
    """The same in jieba's words."""
    said = _words(text)
    return max((_f1(said, _words(words)) for words in expected), default=0.0)


def rouge_l(text: str, expected: Sequence[str]) -> float:
    """ROUGE-L F1 (Lin 2004) over characters against the best expected answer, 0 to 1."""
    from rapidfuzz.distance import Indel

    # Twice the longest common subsequence over both lengths: Indel's similarity is ROUGE-L's F1.
    said = _letters(text)
    return max(
        (Indel.normalized_similarity(said, wanted) for w in expected if (wanted := _letters(w))),
        default=0.0,
    )


def figure_support(answer: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
    """How many figures the cited sentences of an answer have, and those that stand in nothing
    that their sentence cites: neither the quotation nor the headline nor the article's date.

    answer: as `rag.answer.export.answer_to_dict` gives it. A sentence without a marker claims
    nothing of the corpus (such as one that says what was not found) and does not count. Answers
    made from records (confidence None) have no such figures: they state counts, not quotations.
    """
    if answer["confidence"] is None:
        return 0, ()
    sources = {
        c["marker"]: f"{c['headline']}\n{c['date'] or ''}\n{c['quote']}"
        for c in answer["citations"]
    }
    total, wrong = 0, []
    for words, markers in _cited_words(answer["answer"]):
        cited = [sources[m] for m in MARKER.findall(markers) if m in sources]
        total += len(figures(words))
        wrong += [figure.text for figure in unsupported(words, cited)]
    return total, tuple(wrong)


def _cited_words(text: str) -> list[tuple[str, str]]:
    """The words before each marker, or row of them, that stand in its sentence."""
    text = _LATE.sub(r"\2\1", text)  # 15个。[1] reads 15个[1]。
    sentences = (text[start:end] for start, end in sentence_ranges(text))
    return [pair for sentence in sentences for pair in _CITED.findall(sentence)]


@lru_cache(maxsize=256)
def _form(text: str) -> tuple[str, tuple[Figure, ...]]:
    """The normal form with its figures: a text is compared with many words in a row."""
    form = normal(text)
    return form, tuple(figures(form))


def _places(wanted: str, form: str) -> list[re.Match[str]]:
    """Where the words stand, overlapping places too, with no digits or letters cut off."""
    if not wanted:
        return []
    before = after = ""
    if wanted[0].isdecimal():
        before = r"(?<![a-z0-9])(?<![0-9]\.)"
    elif wanted[0].isascii() and wanted[0].isalpha():
        before = "(?<![a-z])"
    if wanted[-1].isdecimal():
        after = r"(?!\.?[0-9])"
    elif wanted[-1].isascii() and wanted[-1].isalpha():
        after = "(?![a-z])"
    return list(re.finditer(f"{before}(?={re.escape(wanted)}{after})", form))


def _whole(form: str, found: Sequence[Figure], start: int, wanted: str) -> bool:
    """Whether the ends of the words cut no figure of the text, but for dates."""
    end = start + len(wanted)
    inner = [f for f in found if f.kind != "date"]
    if not wanted[-1].isdecimal() and any(f.start < end < f.end for f in inner):
        return False
    if not wanted[0].isdecimal():
        return True
    # A hyphen belongs to a range behind a figure, and to what follows it elsewhere (DFM-2).
    ranged = _RANGED.search(form[:start]) or any(f.end == start - 1 for f in found)
    signed = form[:start].endswith("-") and not ranged
    return not signed and not any(f.start < start < f.end for f in inner)


def _letters(text: str) -> str:
    return _MARKS.sub("", normal(text))


def _words(text: str) -> list[str]:
    return [word for word in _tokenizer().lcut(normal(text)) if not _MARKS.fullmatch(word)]


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    both = (Counter(said) & Counter(wanted)).total()
    return 2 * both / (len(said) + len(wanted)) if both else 0.0


@lru_cache(maxsize=1)
def _tokenizer() -> Any:  # noqa: ANN401 (jieba has no types)
    """jieba with its own dictionary alone, so that scores don't depend on the corpus.

    The dictionary is read afresh: jieba's cache would lie in the shared temporary folder.
    """
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer
