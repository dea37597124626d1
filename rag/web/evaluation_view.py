"""The tab 评测: what a run has come to, and its report."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluate import rows
from rag.evaluate.record import Comparison, Result
from rag.web.evaluation_run import LARGEST, Outcome, Run
from rag.web.markup import NOTHING, Html, join, tag

SHOWN = 100
"""Failed cases that are shown; the report that can be downloaded holds all of them."""


def introduction() -> Html:
    """What the tab is for."""
    said = "用一份题目检验问答：逐题提问，核对答案、引文和拒答。中途停下，下次从停下的地方接着做。"
    return join((tag("h1", "评测"), tag("p", said)))


def upload_button() -> Html:
    """A button that reads a file of the visitor's."""
    chooser = tag(
        "input", type="file", accept=".yaml,.yml,.jsonl,.csv", data_largest=LARGEST, class_="file"
    )
    return tag("label", "上传题目文件…", chooser, class_="upload")


def progress(run: Run) -> Html:
    """How far a run has come."""
    total = len(run.cases)
    said = f"已做 {run.done} / {total} 题，通过 {run.passed} 题"
    bar = tag("progress", value=run.done, max=total, aria_label=f"评测进度：{run.file.name}")
    stopping = "做完这一题就停下……" if run.stopping.is_set() else NOTHING
    return tag("div", bar, tag("p", said, tag("span", stopping)), class_="progress-of-run")


def ended(run: Run) -> Html:
    """One line on how a run ended."""
    total = len(run.cases)
    if run.status == "failed":
        return tag("p", run.problem, class_="notice", role="alert")
    if run.status == "stopped":
        said = f"已停止：做了 {run.done} / {total} 题，通过 {run.passed} 题。再次开始会接着做。"
        return tag("p", said, class_="verdict stopped", role="status")
    rate = f"{run.passed / total:.1%}"
    what = "，只测检索" if run.retrieval_only else ""
    said = f"{total} 题，通过 {run.passed} 题（{rate}）{what}"
    name = tag("span", run.file.name, class_="file-name")
    return tag("p", said, name, class_="verdict", role="status")


def report_view(outcome: Outcome) -> Html:
    """The report: metrics, what changed, failed cases, pictures."""
    return join(
        (
            _metrics(outcome),
            _changed(outcome.report.against),
            _failed(rows.failed(outcome.report)),
            _pictures(outcome.pictures),
        )
    )


def _metrics(outcome: Outcome) -> Html:
    against = outcome.report.against
    heads = [
        tag("th", "指标", scope="col"),
        tag("th", "值", scope="col", class_="number"),
        tag("th", "95 % 区间", scope="col", class_="number"),
        tag("th", "题数", scope="col", class_="number"),
        tag("th", "较上次", scope="col") if against else NOTHING,
    ]
    body = [
        tag(
            "tr",
            tag("th", row.label, scope="row"),
            tag("td", row.value, class_="number value"),
            tag("td", row.interval, class_="number quiet", data_label="区间"),
            tag("td", str(row.n), class_="number quiet", data_label="题数"),
            tag("td", row.change, class_=f"change {row.trend}") if against else NOTHING,
        )
        for row in rows.metric_rows(outcome.report)
    ]
    none = "、".join(rows.uncounted(outcome.report))
    return _section(
        "指标",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), class_="metrics"),
        tag("p", f"没有题可计：{none}。", class_="aside") if none else NOTHING,
    )


def _changed(against: Comparison | None) -> Html:
    if against is None:
        return NOTHING
    when = against.made[:16].replace("T", " ")
    said = f"上次是 {when}（UTC），索引 {against.index}；两次都有的题 {against.cases} 道。"
    lists = [
        tag("p", f"{word} {len(ids)} 题：{'、'.join(ids)}")
        for word, ids in (("新失败", against.newly_failed), ("新通过", against.newly_passed))
        if ids
    ]
    same = tag("p", "没有题的结果变了。")
    return _section("与上次相比", tag("p", said, class_="aside"), *(lists or [same]))


def _failed(failed: Sequence[Result]) -> Html:
    if not failed:
        return _section("未通过的题", tag("p", "全部通过。"))
    more = f"列出前 {SHOWN} 题，其余见下载的报告。" if len(failed) > SHOWN else ""
    return _section(
        f"未通过的题（{len(failed)}）",
        *(_case(result, opened=result is failed[0]) for result in failed[:SHOWN]),
        tag("p", more, class_="aside") if more else NOTHING,
    )


def _case(result: Result, opened: bool) -> Html:
    case = result.case
    pairs = [("之前问过", question) for question in case.history]
    pairs += [("为何", reason) for reason in result.why]
    if result.answer is not None:
        pairs.append(("回答", rows.answer_text(result)))
    pairs += rows.expected(result)
    listed = [join((tag("dt", word), tag("dd", text))) for word, text in pairs]
    return tag(
        "details",
        tag("summary", tag("span", case.id, class_="case-id"), case.question),
        tag("dl", *(tag("div", one) for one in listed)),
        class_="case",
        open=opened,
    )


def _pictures(pictures: Sequence[tuple[str, str]]) -> Html:
    figures = [
        # an SVG that `rag.evaluate.plots` drew: markup of our own
        tag("figure", tag("figcaption", title), Html(picture))
        for title, picture in pictures
        if picture
    ]
    return _section("图", tag("div", *figures, class_="pictures")) if figures else NOTHING


def _section(heading: str, *content: Html) -> Html:
    return tag("section", tag("h2", heading), *content)
