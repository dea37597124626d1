"""The figures of a Chinese text, with exact values: `Decimal` throughout, never `float`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, NamedTuple, cast

from rag.answer import figure_forms as forms

Kind = Literal["number", "percent", "ordinal", "date"]
Qualifier = Literal["", "about", "over", "under"]

_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}


class Day(NamedTuple):
    """A date as far as it is given. span: 上半年, 第3季度, 前3季度 or empty."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    span: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, read from `text`, which is `[start, end)` of the text it stands in.

    value: a `Day` where kind is `date`, else exact; of 63% it is 63. unit: in normal form
    (公里 and km are counted in 米, % stands for every share), empty where none is known.
    qualifier: what 约, 超, 近, 余 and their like say of it; those before and after the figure
    are not in its range.
    """

    start: int
    end: int
    text: str
    kind: Kind
    value: Decimal | Day
    unit: str = ""
    qualifier: Qualifier = ""


class _Found(NamedTuple):
    """A figure with what a range needs of it.

    scale: its last multiplier (万). times: what its unit multiplies it with (1000 for 公里).
    alone: whether it is a figure where it is no end of a range (三 in 三至五年 is none).
    """

    figure: Figure
    scale: Decimal = Decimal(1)
    times: Decimal = Decimal(1)
    alone: bool = True


def figures(text: str) -> list[Figure]:
    """The figures of a text in order, not overlapping."""
    whole = plain = _plain(text)
    for match in forms.SAYINGS.finditer(plain):
        plain = _blank(plain, match)
    dates = list(forms.DATE.finditer(plain))
    for match in dates:
        plain = _blank(plain, match)
    found = [_Found(_date(match, text)) for match in dates]
    found += filter(None, (_read(match, text, plain) for match in forms.NUMBER.finditer(plain)))
    found.sort(key=lambda item: item.figure.start)
    return [item.figure for item in _ranges(found, whole) if item.alone]


def _plain(text: str) -> str:
    """Half-width forms, character by character, so that positions stay."""
    return "".join(map(_half_width, text))


def _half_width(character: str) -> str:
    form = unicodedata.normalize("NFKC", character)
    # ㎡ has two characters in normal form; ² and Ⅱ would become digits and letters.
    keeps = len(form) != 1 or unicodedata.category(character) in ("No", "Nl")
    return character if keeps else form


def _blank(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + "\0" * len(match[0]) + text[match.end() :]


def _date(match: re.Match[str], text: str) -> Figure:
    def part(name: str) -> int | None:
        written = written_parts.get(name)
        value = forms.numeral_value(written) if written else None
        return None if value is None else int(value)

    # year2, month3 … are the same parts in other orders.
    written_parts = {n.rstrip("234"): w for n, w in match.groupdict().items() if w}
    span = written_parts.get("span", "").replace("个", "")
    span = re.sub("[一二两三四]", lambda m: str(forms.numeral_value(m[0])), span)
    if span[:1].isdecimal():
        span = f"第{span}"
    day = Day(part("year"), part("month"), part("day"), span)
    return Figure(*match.span(), text[slice(*match.span())], "date", day)


def _read(match: re.Match[str], text: str, plain: str) -> _Found | None:
    """A number, share or ordinal; None where the numeral is no figure."""
    if match["numeral"]:
        return _number(match, text, plain)
    kind: Kind = "ordinal"
    unit = match["place"] or match["grade"] or ""
    value: Decimal | None
    if match["ordinal"]:
        value = forms.numeral_value(match["ordinal"])
    elif match["roman"]:
        value = Decimal(_ROMAN.get(match["roman"]) or ord(match["roman"]) - ord("Ⅰ") + 1)
    else:
        kind, unit, value = "percent", "%", _share(match)
    if value is None:
        return None
    qualifier = _qualifier(match, plain, unit)
    start, end = match.span()
    return _Found(Figure(start, end, text[start:end], kind, value, unit, qualifier))


def _share(match: re.Match[str]) -> Decimal | None:
    """The percentage in 一半, 百分之六十三 and 四分之一."""
    if match["half"]:
        return Decimal(50)
    base = {"百": Decimal(100), "千": Decimal(1000), "万": Decimal(10**4)}.get(match["base"])
    base = base or forms.numeral_value(match["base"])
    part = Decimal(100) if match["part"] == "百" else forms.numeral_value(match["part"])
    return part * 100 / base if base and part is not None else None


def _number(match: re.Match[str], text: str, plain: str) -> _Found | None:
    numeral, unit = match["numeral"], match["unit"] or match["currency"] or ""
    han = not numeral[0].isdecimal()
    start, end = match.span()
    if han and unit in forms.ARABIC_ONLY:
        return None
    qualifier = _qualifier(match, plain, unit)
    if han and qualifier and set(numeral) <= set("百千万亿"):
        value: Decimal | None = forms.scale(numeral)  # 近百家, 超亿元
    else:
        value = forms.numeral_value(numeral)
    if (
        value is None
        or numeral in ("零", "〇")
        or (numeral == "一" and not re.match("期|级|等奖|成", unit))
    ):
        return None
    if not han and not unit and plain[end : end + 1].isascii() and plain[end : end + 1].isalpha():
        return None  # 5G, 3D
    alone = not han or bool(unit) or (len(numeral) > 1 and bool(set(numeral) & set("百千万亿")))
    if match["and_half"] and unit in ("年", "个月", "小时", "个小时", "天", "倍", "岁"):
        value += Decimal("0.5")
    elif match["and_half"]:
        end -= 1
    scale = forms.scale(numeral[len(numeral.rstrip("百千万亿")) :])
    kind: Kind = "number"
    if unit in forms.PERCENT:
        kind, times, unit = "percent", forms.PERCENT[unit], "%"
    else:
        unit, count = forms.SAME_UNITS.get(unit, (unit, 1))
        times = Decimal(count)
        kind = "ordinal" if unit in forms.RANKS else "number"
    value = -value * times if match["sign"] else value * times
    figure = Figure(start, end, text[start:end], kind, value, unit, qualifier)
    return _Found(figure, scale, times, alone)


def _qualifier(match: re.Match[str], plain: str, unit: str) -> Qualifier:
    if match["more"] or re.search("[多余来几]", match["numeral"] or ""):
        return "over"
    before = forms.BEFORE.search(plain[max(0, match.start() - 8) : match.start()])
    if before and not (before[0] == "近" and unit in forms.TIMES):  # 近三年: the last three
        return cast(Qualifier, before.lastgroup)
    after = forms.AFTER.match(plain, match.end())
    return cast(Qualifier, after.lastgroup) if after else ""


def _ranges(found: Sequence[_Found], plain: str) -> list[_Found]:
    """Give the ends of a range what is written at one of them only."""
    done = list(found)
    for i in range(len(done) - 1):
        between = plain[done[i].figure.end : done[i + 1].figure.start]
        if not forms.RANGE.fullmatch(between):
            continue
        before = done[i - 1].figure if i else None
        done[i] = _left(done[i], done[i + 1], before)
        left, right = done[i].figure.value, done[i + 1].figure
        if isinstance(left, Day) and isinstance(right.value, Day):
            done[i + 1] = _Found(replace(right, value=_filled(right.value, left)))
    return done


def _left(left: _Found, right: _Found, before: Figure | None) -> _Found:
    """The left end of a range: 3 in 3-5万元 is 3万元, 8 in 8-10月 is a month."""
    figure, other = left.figure, right.figure
    if isinstance(figure.value, Day) or figure.unit:
        return left
    if isinstance(other.value, Day):
        day = _day_of(figure.value, other.value)
        if day is None:
            return left
        if before and isinstance(before.value, Day) and before.end == figure.start:
            day = _filled(day, before.value)
        return _Found(replace(figure, kind="date", value=day, qualifier=""))
    value = figure.value * right.times
    if left.scale == 1 and value * right.scale < other.value:
        value *= right.scale
    return right._replace(figure=replace(figure, kind=other.kind, value=value, unit=other.unit))


def _day_of(value: Decimal, other: Day) -> Day | None:
    """A bare number at the left of a date, read as the date's first part but for its name."""
    if value != value.to_integral_value():
        return None
    number = int(value)
    if other.day is not None and other.month is None and number <= 31:
        return Day(day=number)
    if other.month is not None and other.year is None and number <= 12:
        return Day(month=number)
    if other.year is not None and 1800 <= number < 2100:
        return Day(year=number)
    return None


def _filled(day: Day, other: Day) -> Day:
    """The larger parts that `day` lacks, from a date before it."""
    if day.year is None and (day.month or day.day):
        day = day._replace(year=other.year)
        if day.month is None:
            day = day._replace(month=other.month)
    return day
