"""The chart of the tab 资料库: articles over time, drawn as SVG whose bars are buttons."""

from __future__ import annotations

from collections.abc import Sequence

from rag.web.holdings import Bar, Holding, Period, Unit, bars, said
from rag.web.language import words
from rag.web.markup import NOTHING, Html, join, tag

STEP, WIDTH, HEIGHT, LEAST = 10, 7, 100, 3
"""Of a bar, in units of the drawing: from one to the next, its width, its longest, its shortest."""
LABELS = 6
UNITS = {
    "day": "每天的文章数",
    "week": "每周的文章数",
    "month": "每月的文章数",
    "year": "每年的文章数",
}


def timeline(held: Sequence[Holding], chosen: Period | None) -> Html:
    """The chart; nothing where no issue has a date."""
    unit, stretches = bars(held)
    if not stretches:
        return NOTHING
    most = max(bar.articles for bar in stretches)
    caption = tag(
        "figcaption",
        tag("span", words(UNITS[unit])),
        tag("span", words("最多 {most} 篇", most=most), class_="most"),
    )
    stops = [i for i, bar in enumerate(stretches) if bar.issues]
    first = next((i for i in stops if stretches[i].period == chosen), stops[0])
    drawing = tag(
        "svg",
        *(
            _bar(i, bar, unit, most, bar.period == chosen, i == first)
            for i, bar in enumerate(stretches)
            if bar.issues
        ),
        viewBox=f"0 0 {STEP * len(stretches)} {HEIGHT}",
        preserveAspectRatio="none",
        role="group",
        aria_label=words(
            "{what}，{span}；选一条只看那时的报纸",
            what=words(UNITS[unit]),
            span=_span(stretches, unit),
        ),
    )
    # labels are no part of the drawing, which is stretched to the width that there is
    width = f"max-width: {max(14, 3 * len(stretches))}rem"
    return tag("figure", caption, drawing, _labels(stretches, unit), class_="timeline", style=width)


def _bar(i: int, bar: Bar, unit: Unit, most: int, chosen: bool, reached: bool) -> Html:
    told = words(
        "{period}：{issues}，{articles}",
        period=said(bar.period, unit),
        issues=words("{n} 期", n=bar.issues),
        articles=words("{n} 篇", n=bar.articles),
    )
    tall = max(LEAST, round(bar.articles / most * HEIGHT))
    x = STEP * i + (STEP - WIDTH) / 2
    return tag(
        "g",
        tag("title", told),
        tag("rect", class_="reach", x=STEP * i, y=0, width=STEP, height=HEIGHT),
        tag("rect", class_="amount", x=str(x), y=HEIGHT - tall, width=WIDTH, height=tall),
        role="button",
        tabindex=0 if reached else -1,
        aria_label=told,
        aria_pressed=str(chosen).lower(),
        data_act="period",
        data_period=f"{bar.period.start}/{bar.period.end}",
    )


def _span(stretches: Sequence[Bar], unit: Unit) -> str:
    first, last = said(stretches[0].period, unit), said(stretches[-1].period, unit)
    return first if first == last else words("{first}至{last}", first=first, last=last)


def _labels(stretches: Sequence[Bar], unit: Unit) -> Html:
    """A few dates below the bars; every other one is left out on a phone."""
    count = len(stretches)
    every = -(-count // LABELS)
    labels = [
        tag("span", _short(stretches, i, unit), style=f"left: {i / count:.2%}")
        for i in range(0, count, every)
    ]
    return tag("div", join(labels), class_="dates", aria_hidden="true")


def _short(stretches: Sequence[Bar], i: int, unit: Unit) -> str:
    start = stretches[i].period.start
    if unit in ("day", "week"):
        return words("{day.month}月{day.day}日", day=start)
    return f"{start.year}" if unit == "year" else words("{day.year}年{day.month}月", day=start)
