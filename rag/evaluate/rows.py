"""What a report says, in words: the verdict and the rows of its tables.

The page, the Markdown summary and the JUnit file say the same because they read it here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.evaluate.record import Change, Report, Result
from rag.evaluate.summary import METRICS, About

Trend = Literal["better", "worse", "same", "none"]
TRENDS = {"better": "好转", "worse": "变差"}
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Row:
    """A metric as it is written; `change` is empty where there is nothing to compare with."""

    name: str
    label: str
    explanation: str
    value: str
    interval: str
    n: int
    change: str
    trend: Trend


@dataclass(frozen=True, slots=True)
class FloorRow:
    """A floor as it is written."""

    label: str
    floor: str
    value: str
    met: bool

    @property
    def verdict(self) -> str:
        """In words."""
        return "达到" if self.met else "未达到"


def metric_rows(report: Report) -> list[Row]:
    """The metrics that some case counts for, in the report's order."""
    changes = report.against.metrics if report.against else {}
    rows = []
    for name, metric in report.metrics.items():
        if not metric.n:
            continue
        about = about_metric(name)
        trend, change = _change(changes.get(name), about)
        known = metric.low is not None and metric.high is not None
        interval = f"{figure(metric.low, about)} – {figure(metric.high, about)}" if known else ""
        rows.append(
            Row(
                name,
                about.label,
                about.explanation,
                figure(metric.value, about),
                interval,
                metric.n,
                change,
                trend,
            )
        )
    return rows


def uncounted(report: Report) -> list[str]:
    """The labels of the metrics that no case counts for."""
    return [about_metric(name).label for name, metric in report.metrics.items() if not metric.n]


def floor_rows(report: Report) -> list[FloorRow]:
    """The floors in the order in which they were asked for."""
    rows = []
    for floor in report.floors:
        about = about_metric(floor.metric)
        rows.append(
            FloorRow(
                about.label,
                f"{'≤' if floor.less_is_better else '≥'} {figure(floor.floor, about)}",
                figure(floor.value, about),
                floor.met,
            )
        )
    return rows


def verdict(report: Report) -> str:
    """One line: how many cases passed, and whether the floors hold."""
    passed = sum(result.passed for result in report.results)
    counted = f"{len(report.results)} 题，通过 {passed} 题"
    short = sum(not floor.met for floor in report.floors)
    if not report.floors:
        return f"{counted}；未设底线"
    if short:
        return f"未达到底线：{counted}；{len(report.floors)} 项底线中 {short} 项未达到"
    return f"达到底线：{counted}；{len(report.floors)} 项底线全部达到"


def failed(report: Report) -> list[Result]:
    """The cases that did not pass, in the report's order."""
    return [result for result in report.results if not result.passed]


def passed(report: Report) -> list[Result]:
    """The cases that passed, in the report's order."""
    return [result for result in report.results if result.passed]


def expected(result: Result) -> list[tuple[str, str]]:
    """What the case asks for: a word for the demand, and its texts."""
    case = result.case
    demands = (
        ("须全部出现", case.all_of),
        ("须出现其一", case.any_of),
        ("不得出现", case.none_of),
        ("须引用其一", case.articles),
        ("所在句", case.quotes),
    )
    said = [(word, " ｜ ".join(texts)) for word, texts in demands if texts]
    return [("须拒答", "报纸里没有答案"), *said] if case.refuse else said


def answer_text(result: Result) -> str:
    """The answer; empty where only retrieval ran."""
    return "" if result.answer is None else str(result.answer["answer"])


def stage_seconds(result: Result, stage: str) -> float | None:
    """Seconds of a stage (a key of `summary.STAGES`); None where it did not run."""
    return result.seconds.get(stage)


def about_metric(name: str) -> About:
    """What is known of the metric; one that this version does not know goes by its name."""
    return METRICS.get(name, About(name, "", ""))


def figure(value: float | None, about: About) -> str:
    """A value in its unit; a dash for None."""
    if value is None:
        return "—"
    if about.unit == "share":
        return f"{value * 100:.1f} %"
    return seconds(value) if about.unit == "seconds" else f"{value:.3f}"


def seconds(value: float) -> str:
    """Seconds, with as many digits as say something."""
    digits = 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f} 秒"


def legal(text: str) -> str:
    """The text without the characters that XML 1.0 forbids (controls, lone surrogates)."""
    return ILLEGAL.sub("", text)


def _change(change: Change | None, about: About) -> tuple[Trend, str]:
    if change is None or change.before is None or change.after is None:
        return "none", ""
    step = change.after - change.before
    before, after = figure(change.before, about), figure(change.after, about)
    if before == after:
        return "same", "＝ 不变"
    trend: Trend = "better" if (step > 0) == about.higher_is_better else "worse"
    if about.unit == "share":
        amount = f"{abs(step) * 100:.1f} 个百分点"
    else:
        amount = figure(abs(step), about)
    arrow, sign = ("↑", "+") if step > 0 else ("↓", "−")
    return trend, f"{arrow} {sign}{amount} {TRENDS[trend]}"
