"""What an answer of a public question set asks of ours."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.figures import figures
from rag.answer.numbers import normal_figures, supports
from rag.errors import QuestionError
from rag.index.words import BRACKETED, normalise

MARKS = " \t\n　。，；、！？,.;!?"
"""White space and stops around an answer, which are no part of it."""

_SHORT = 20


def groups(answer: str | list[object], place: str) -> list[list[str]]:
    """RGB's answer: every item must be told, and an item may be a list of ways to tell it."""
    items = [answer] if isinstance(answer, str) else answer
    found = []
    for item in items:
        ways = item if isinstance(item, list) else [item]
        texts = [way.strip() for way in ways if isinstance(way, str)]
        if len(texts) < len(ways):
            raise QuestionError(f"{place}: an answer is not text; is it a file of RGB?")
        found.append(list(dict.fromkeys(filter(None, texts))))
    return [group for group in found if group]


def asked(groups: list[list[str]], passages: Sequence[str]) -> dict[str, list[str]]:
    """`any_of` holds one item's ways; of further items with several, the way that the passages
    use most is asked for.
    """
    several = next((group for group in groups if len(group) > 1), [])
    if len(groups) == 1:
        return {"any_of": groups[0]}
    shown = [_normal(text) for text in passages]
    rest = [group for group in groups if group is not several]
    most = [max(group, key=lambda way: sum(_normal(way) in t for t in shown)) for group in rest]
    return {"all_of": most, "any_of": several}


def told(question: str, answer: str, news: Sequence[str]) -> dict[str, list[str]]:
    """What to look for of an answer in free words: all of it where it is short and stands in the
    news; else its figures and its names in quotation marks that the news have and the question
    has not. Nothing where it has none.
    """
    text = "\n".join(news)
    short = answer.strip(MARKS)
    if 0 < len(short) <= _SHORT and _normal(short) in _normal(text):
        return {"any_of": [short]}
    known, given = figures(text), figures(question)
    found = [f.text for f in figures(answer) if supports(known, f) and not supports(given, f)]
    names = [a or b for a, b in BRACKETED.findall(answer)]
    found += [name for name in names if name in text and name not in question]
    return {"all_of": list(dict.fromkeys(found))}


def _normal(text: str) -> str:
    return normal_figures(normalise(text))
