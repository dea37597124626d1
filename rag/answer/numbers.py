"""Figures compared: whether a quotation holds a figure, and texts in one normal form.

`1.44万家`, `14400家` and `１４，４００ 家` are one figure, as are `百分之六十三` and `63%`, and
`二〇二三年` and `2023年`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.answer import figure_forms as forms
from rag.answer.figures import Day, Figure, Qualifier, figures

__all__ = ["Day", "Figure", "figures", "normal_figures", "supports", "unsupported"]


def supports(quoted: Iterable[Figure], figure: Figure) -> bool:
    """Whether one of the quoted figures says what `figure` says.

    The value is the same and the units don't differ; one may be missing, and classifiers of a
    kind (名 and 位) may stand for one another. A date may be less precise than the quoted one,
    not more. A qualifier may be dropped, or loosened to 约; it may not be added or turned.
    """
    return any(_holds(q, figure) for q in quoted)


def unsupported(sentence: str, quotes: Sequence[str]) -> list[Figure]:
    """The figures of an answer's sentence that stand in none of the quotes."""
    quoted = [figure for quote in quotes for figure in figures(quote)]
    return [figure for figure in figures(sentence) if not supports(quoted, figure)]


def normal_figures(text: str) -> str:
    """The text with every figure in its normal form, so that equal figures compare equal.

    For comparing, not for showing: 3.5公里 becomes 3500米.
    """
    pieces, end = [], 0
    for figure in figures(text):
        pieces += [text[end : figure.start], _written(figure)]
        end = figure.end
    return "".join([*pieces, text[end:]])


def _holds(quoted: Figure, claimed: Figure) -> bool:
    if isinstance(quoted.value, Day) and isinstance(claimed.value, Day):
        return all(c in (None, "", q) for q, c in zip(quoted.value, claimed.value, strict=True))
    if isinstance(quoted.value, Day) or isinstance(claimed.value, Day):
        return _bare_year(quoted) == _bare_year(claimed) is not None
    return (
        quoted.kind == claimed.kind
        and quoted.value == claimed.value
        and _same_unit(quoted.unit, claimed.unit)
        and _same_side(quoted.qualifier, claimed.qualifier)
    )


def _bare_year(figure: Figure) -> int | None:
    """The year of a date that has one, or a number that could be one (2023世界博览会)."""
    if isinstance(figure.value, Day):
        return figure.value.year if figure.value[1:] == (None, None, "") else None
    return int(figure.value) if re.fullmatch("(?:1[89]|20)[0-9]{2}", figure.text) else None


def _same_unit(a: str, b: str) -> bool:
    if a == b or not a or not b:
        return True
    if "个" in (a, b):
        return {a, b} - {"个"} <= forms.CLASSIFIERS
    return any({a, b} <= group for group in forms.ALIKE)


def _same_side(quoted: Qualifier, claimed: Qualifier) -> bool:
    return claimed in ("", quoted) or (claimed == "about" and quoted != "")


def _written(figure: Figure) -> str:
    if isinstance(figure.value, Day):
        year, month, day, span = figure.value
        parts = ((year, "年"), (month, "月"), (day, "日"))
        return "".join(f"{n}{name}" for n, name in parts if n is not None) + span
    first = "第" if figure.kind == "ordinal" else ""
    number = format(figure.value, "f")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    more = "多" if figure.qualifier == "over" and re.search("[多余来几]", figure.text) else ""
    return f"{first}{number}{more}{figure.unit}"
