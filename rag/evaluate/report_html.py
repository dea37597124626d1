"""The report as one page: no network, no script, every text escaped by the template."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from rag.evaluate import rows
from rag.evaluate.plots import latency_histogram, refusal_curve, tag_bars
from rag.evaluate.record import Report, Result

MACHINE = {"processor": "处理器", "cores": "核数", "extensions": "指令集", "memory": "内存"}
SETTING_LIMIT = 400  # characters of a setting that are shown


def html(report: Report) -> str:
    """The whole page, in Chinese. Pictures and style stand inside it."""
    against = report.against
    return _template().render(
        report=report,
        style=Markup(files(__package__).joinpath("report.css").read_text("utf-8")),
        verdict=rows.verdict(report),
        facts=_facts(report),
        options=_options(report),
        floors=rows.floor_rows(report),
        metrics=rows.metric_rows(report),
        uncounted=rows.uncounted(report),
        plots=[
            ("各标签的通过率", "细线是 95 % 区间", Markup(tag_bars(report))),
            ("拒答：准确率与召回率", "点旁是阈值", Markup(refusal_curve(report))),
            (
                "用时",
                "横轴是秒，纵轴是题数；实线是中位，虚线是 95 %",
                Markup(latency_histogram(report)),
            ),
        ],
        failed=rows.failed(report),
        passed=rows.passed(report),
        changed=[
            ("新失败", "worse", against.newly_failed if against else ()),
            ("新通过", "better", against.newly_passed if against else ()),
        ],
        ids={result.case.id: number for number, result in enumerate(report.results, 1)},
    )


def _facts(report: Report) -> list[tuple[str, str]]:
    """What was run, on what, and when."""
    index = report.index
    held = [
        f"{index[key]} {word}"
        for key, word in (("issues", "期"), ("articles", "篇"), ("passages", "段"))
        if key in index
    ]
    machine = [f"{MACHINE.get(name, name)} {v}" for name, v in report.machine.items() if v]
    facts = [
        ("完成", report.made),
        ("题目", f"{len(report.results)} 题"),
        ("索引", " · ".join([str(index.get("version", "")), *held])),
        ("编码器", str(index.get("encoder", ""))),
        ("生成器", "未用（只测检索）" if report.retrieval_only else report.generator),
        ("机器", " · ".join(machine)),
    ]
    return [(name, value) for name, value in facts if value]


def _options(report: Report) -> dict[str, str]:
    """The flags of `rag eval` that chose what was run."""
    chosen = report.selection
    options = {f"--limit {chosen.limit}": "只做前几题"} if chosen.limit else {}
    if chosen.every > 1:
        options[f"--every {chosen.every}"] = "每几题取一题"
    if chosen.tags:
        options[f"--tag {', '.join(chosen.tags)}"] = "只做带这些标签的题"
    if report.retrieval_only:
        options["--retrieval-only"] = "只测检索"
    return options


def _sources(result: Result) -> list[dict[str, str]]:
    """What the answer was written from; where only retrieval ran, what was found."""
    if result.answer is None:
        return [
            {"headline": f.headline, "issue": f.issue, "text": f.text, "score": f"{f.score:.3f}"}
            for f in result.found
        ]
    return [
        {
            "headline": str(hit.get("headline", "")),
            "issue": str(hit.get("date") or hit.get("issue", "")),
            "text": str(hit.get("text", "")),
            "score": f"{hit.get('score') or 0:.3f}",
        }
        for hit in result.answer.get("evidence") or ()
    ]


def _conditions(result: Result) -> list[str]:
    """The filters that the question was asked with."""
    words = {
        "since": "起",
        "until": "止",
        "paper": "报纸",
        "column": "栏目",
        "reporter": "记者",
        "issue": "期",
    }
    chosen = result.case.filters.model_dump(mode="json", exclude_defaults=True)
    return [f"{words.get(name, name)} {value}" for name, value in chosen.items()]


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("rag.evaluate", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_legal,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "answer_text": rows.answer_text,
        "expected": rows.expected,
        "sources": _sources,
        "conditions": _conditions,
        "stage_seconds": rows.stage_seconds,
        "seconds": rows.seconds,
        "short": lambda value: str(value)[:SETTING_LIMIT],
    }
    return environment.get_template("report.html.jinja")


def _legal(value: object) -> object:
    """Data without the characters that no document may hold; markup as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return rows.legal(value)
    return value
