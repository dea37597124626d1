"""What the corpus holds, by issue and by time: for the list and the chart of the tab 资料库."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from rag.types import Article
from rag.web.language import words

Unit = Literal["day", "week", "month", "year"]
MOST = 150
"""Stretches of time that a chart shows, but for those that hold nothing."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An article in a list: enough to name it and to open it."""

    id: str
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Holding:
    """An issue that is in the index. page: as printed, empty where it has several."""

    id: str
    date: date | None
    paper: str
    page: str
    articles: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def holds(self, day: date | None) -> bool:
        """Whether a day lies in it; an unknown one does not."""
        return day is not None and self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time with what was printed in it."""

    period: Period
    issues: int
    articles: int


def holdings(articles: Iterable[Article]) -> tuple[Holding, ...]:
    """Issues, newest first, those without a date last."""
    issues: dict[str, list[Article]] = {}
    for article in articles:
        issues.setdefault(article.issue_id, []).append(article)
    return tuple(sorted((_holding(*item) for item in issues.items()), key=_newest_first))


def _holding(issue_id: str, articles: list[Article]) -> Holding:
    first, pages = articles[0], {article.page for article in articles}
    listed = tuple(Listed(one.id, one.title, one.column or one.kicker) for one in articles)
    page = first.page if len(pages) == 1 else ""
    return Holding(issue_id, first.date, first.paper, page, listed)


def _newest_first(holding: Holding) -> tuple[int, str]:
    return (-holding.date.toordinal() if holding.date else 0, holding.id)


def bars(held: Sequence[Holding]) -> tuple[Unit, list[Bar]]:
    """Articles over time, the empty stretches between them too, and how long a stretch is."""
    days = sorted(one.date for one in held if one.date)
    if not days:
        return "day", []
    unit = _unit(days[-1].toordinal() - days[0].toordinal())
    counts: dict[date, tuple[int, int]] = {}
    for one in held:
        if one.date:
            issues, articles = counts.get(_start(one.date, unit), (0, 0))
            counts[_start(one.date, unit)] = (issues + 1, articles + len(one.articles))
    stretches = []
    start: date | None = _start(days[0], unit)
    while start is not None and start <= days[-1]:
        after = _next(start, unit)
        end = after - timedelta(days=1) if after else date.max
        stretches.append(Bar(Period(start, end), *counts.get(start, (0, 0))))
        start = after
    if len(stretches) > MOST:  # a date that cannot be right
        return unit, [bar for bar in stretches if bar.issues]
    return unit, stretches


def _unit(span: int) -> Unit:
    if span <= 60:
        return "day"
    if span <= 370:
        return "week"
    return "month" if span <= 3660 else "year"


def _start(day: date, unit: Unit) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def _next(start: date, unit: Unit) -> date | None:
    """The first day of the stretch after; None where the calendar ends."""
    try:
        if unit == "year":
            return date(start.year + 1, 1, 1)
        if unit == "month":
            return date(start.year + start.month // 12, start.month % 12 + 1, 1)
        return start + timedelta(days=1 if unit == "day" else 7)
    except (ValueError, OverflowError):
        return None


def said(period: Period, unit: Unit) -> str:
    """A stretch in words."""
    start, end = period.start, period.end
    if unit == "year":
        return words("{day.year}年", day=start)
    if unit == "month":
        return words("{day.year}年{day.month}月", day=start)
    day = words("{day.year}年{day.month}月{day.day}日", day=start)
    return (
        day if unit == "day" else words("{first}至{last.month}月{last.day}日", first=day, last=end)
    )


def read_period(text: object) -> Period | None:
    """Two days in ISO form with a slash between; None for anything else."""
    start, slash, end = text.partition("/") if isinstance(text, str) else ("", "", "")
    try:
        return Period(date.fromisoformat(start), date.fromisoformat(end)) if slash else None
    except ValueError:
        return None
