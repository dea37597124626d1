"""The report in short, as Markdown: for the shell and for the summary of a CI run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.evaluate.record import Report
from rag.evaluate.rows import failed, floor_rows, legal, metric_rows, verdict

SPECIAL = re.compile(r"([\\`*_\[\]<>|~#$&])")


def markdown(report: Report) -> str:
    """Verdict, floors, metrics with their changes, and the failed cases with why.

    Texts of cases are escaped: they neither format nor break a table. Ends with a newline.
    """
    parts = [f"**{escape(verdict(report))}**"]
    if report.floors:
        floors = ((r.label, r.floor, r.value, r.verdict) for r in floor_rows(report))
        parts += ["## 底线", _table(("指标", "底线", "本次", "结果"), floors)]
    if report.metrics:
        heads = ("指标", "值", "95 % 区间", "题数", "较上次")
        rows = ((r.label, r.value, r.interval, str(r.n), r.change) for r in metric_rows(report))
        parts += ["## 指标", _table(heads, rows)]
    if report.against:
        for word, ids in (
            ("新失败", report.against.newly_failed),
            ("新通过", report.against.newly_passed),
        ):
            parts.append(f"{word}：{'、'.join(map(escape, ids)) or '无'}")
    wrong = failed(report)
    if wrong:
        cases = ((r.case.id, r.case.question, "；".join(r.why)) for r in wrong)
        parts += [f"## 未通过 {len(wrong)} 题", _table(("题号", "问题", "原因"), cases)]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """One line in which no character means anything to Markdown."""
    return SPECIAL.sub(r"\\\1", " ".join(legal(text).split()))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
