"""Two answers of a comparison set against each other: 甲（32家）多于乙（18家）。

Said only where both quotations bear it out: each names its own side and gives one figure of
the kind asked for, in a clause about what was asked; the figures are of one unit and of no two
times, and far enough apart that 约 and 超 don't matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from rag.answer import figure_forms as forms
from rag.answer.align import Source, Support
from rag.answer.compose import Composed
from rag.answer.figures import Day, Figure, figures
from rag.index.words import normalise

_LOOSE = Decimal("0.1")
"""Share of the larger figure by which two differ where one of them is 约, 超 or 近."""
_LONGEST = 16  # characters of a side's name
_MORE = {"长": "长于", "大": "大于", "高": "高于", "重": "重于", "宽": "宽于", "深": "深于"}
_HOW = re.compile(r"多([长大高重宽深])|多少|几")
_EDGE = re.compile(r"[的有是在共一已达为引设建多几占出投，,、。？?\s]")
_CLAUSE = re.compile(r"[^，,；;。：:！!？?\n]+")
_EMPTY = re.compile(r"[的有是在共多少几家个数量总全一哪\W]")


class _Side(NamedTuple):
    name: str
    figure: Figure
    source: Source


def verdict(parts: Sequence[str], composed: Sequence[Composed]) -> Support | None:
    """The sentence that sets two figures against each other, or None where none is borne out.

    parts: the two questions, alike but for what they ask about. composed: their answers in the
    same order, each of one sentence from one quotation. The verdict cites both quotations.
    """
    if len(parts) != 2 or len(composed) != 2 or not _HOW.search(parts[0]):
        return None
    quotes = [c.supports[0].quotes for c in composed if len(c.supports) == 1]
    if [len(each) for each in quotes] != [1, 1] or quotes[0] == quotes[1]:
        return None
    sources = [each[0] for each in quotes]
    names, asked = _names(parts, sources)
    held = [_asked_figures(asked, source[1].text) for source in sources]
    if not all(names) or [len(each) for each in held] != [1, 1] or _of_two_times(names, sources):
        return None
    sides = [_Side(*row) for row in zip(names, (h[0] for h in held), sources, strict=True)]
    return _sentence(asked, *sides)


def _sentence(asked: str, first: _Side, second: _Side) -> Support | None:
    a, b = first.figure, second.figure
    if not isinstance(a.value, Decimal) or not isinstance(b.value, Decimal) or a.unit != b.unit:
        return None
    gap, loose = abs(a.value - b.value), bool(a.qualifier or b.qualifier)
    if loose and gap <= _LOOSE * max(abs(a.value), abs(b.value)):
        return None
    quotes = (first.source, second.source)
    if not gap:
        return Support(f"{first.name}与{second.name}同为{a.text}。", quotes, 1.0)
    more, less = (first, second) if a.value > b.value else (second, first)
    how = _HOW.search(asked)
    than = _MORE.get(how[1] or "" if how else "", "高于" if a.kind == "percent" else "多于")
    # In brackets: 32家多于 reads as 32家多, more than 32.
    text = f"{more.name}（{more.figure.text}）{than}{less.name}（{less.figure.text}）。"
    return Support(text, quotes, 1.0)


def _names(parts: Sequence[str], sources: Sequence[Source]) -> tuple[list[str], str]:
    """What the two questions differ in, as far as each quotation or headline has it, and the rest.

    The difference alone is no name where names begin or end alike (青禾科技园, 青溪科技园).
    """
    a, b = parts
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 0)
    ends = zip(a[start:][::-1], b[start:][::-1], strict=False)
    tail = next((i for i, (x, y) in enumerate(ends) if x != y), 0)
    before, after = a[:start], a[len(a) - tail :] if tail else ""
    heads = _EDGE.split(before)[-1]
    tails = _EDGE.split(after)[0]
    texts = [normalise(f"{article.headline}\n{sentence.text}") for article, sentence in sources]
    for left in range(len(heads), -1, -1):
        for right in range(len(tails), -1, -1):
            shared = heads[len(heads) - left :], tails[:right]
            names = [shared[0] + p[start : len(p) - tail] + shared[1] for p in parts]
            if all(
                2 <= len(n) <= _LONGEST and normalise(n) in t
                for n, t in zip(names, texts, strict=True)
            ):
                return names, before[: len(before) - left] + after[right:]
    return ["", ""], ""


def _asked_figures(asked: str, quote: str) -> list[Figure]:
    """The figures of a quotation that may answer: of the unit asked for, about what is asked."""
    how = _HOW.search(asked)
    if how is None:
        return []
    counted = [f for f in figures(f"32{asked[how.end() :]}") if not f.start]
    unit = counted[0].unit if counted else ""
    found = []
    for clause in _CLAUSE.finditer(quote):
        about = how[1] in clause[0] if how[1] else _shares(_EMPTY.sub(" ", asked), clause[0])
        for figure in figures(quote) if about else ():
            inside = clause.start() <= figure.start < clause.end()
            known = figure.unit and figure.kind in ("number", "percent")
            if inside and known and figure.unit not in forms.TIMES and figure.unit != "批":
                found.append(figure)
    same = [f for f in found if unit and f.unit == unit]
    return same if unit else found


def _shares(asked: str, clause: str) -> bool:
    """Whether two neighbouring characters of what is asked stand in the clause."""
    pieces = asked.split()
    return any(p[i : i + 2] in clause for p in pieces for i in range(len(p) - 1))


def _of_two_times(names: Sequence[str], sources: Sequence[Source]) -> bool:
    """Whether the quotations speak of different times, other than the sides themselves."""
    if any(isinstance(f.value, Day) for name in names for f in figures(name)):
        return False
    days = [{f.value for f in figures(s.text) if isinstance(f.value, Day)} for _a, s in sources]
    return bool(days[0] and days[1] and days[0] != days[1])
