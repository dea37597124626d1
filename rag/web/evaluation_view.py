"""The tab 评测: what a run has come to, and its report."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluate import rows
from rag.evaluate.record import Comparison, Result
from rag.web.evaluation_run import LARGEST, Outcome, Run
from rag.web.language import composed, words
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.reasons import reason

SHOWN = 100
"""Failed cases that are shown; the report that can be downloaded holds all of them."""


def introduction() -> Html:
    """What the tab is for."""
    said = words(
        "用一份题目检验问答：逐题提问，核对答案、引文和拒答。中途停下，下次从停下的地方接着做。"
    )
    return join((tag("h1", words("评测")), tag("p", said)))


def upload_button() -> Html:
    """A button that reads a file of the visitor's."""
    chooser = tag(
        "input", type="file", accept=".yaml,.yml,.jsonl,.csv", data_largest=LARGEST, class_="file"
    )
    return tag("label", words("上传题目文件…"), chooser, class_="upload")


def progress(run: Run) -> Html:
    """How far a run has come."""
    total = len(run.cases)
    said = words(
        "已做 {done} / {total} 题，通过 {passed} 题", done=run.done, total=total, passed=run.passed
    )
    bar = tag(
        "progress",
        value=run.done,
        max=total,
        aria_label=words("评测进度：{name}", name=run.file.name),
    )
    stopping = words("做完这一题就停下……") if run.stopping.is_set() else NOTHING
    return tag("div", bar, tag("p", said, tag("span", stopping)), class_="progress-of-run")


def ended(run: Run) -> Html:
    """One line on how a run ended."""
    total = len(run.cases)
    if run.status == "failed":
        return tag("p", composed(reason(run.problem)), class_="notice", role="alert")
    if run.status == "stopped":
        said = words(
            "已停止：做了 {done} / {total} 题，通过 {passed} 题。再次开始会接着做。",
            done=run.done,
            total=total,
            passed=run.passed,
        )
        return tag("p", said, class_="verdict stopped", role="status")
    rate = f"{run.passed / total:.1%}"
    what = words("，只测检索") if run.retrieval_only else ""
    said = words(
        "{total} 题，通过 {passed} 题（{rate}）{what}",
        total=total,
        passed=run.passed,
        rate=rate,
        what=what,
    )
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
        tag("th", words("指标"), scope="col"),
        tag("th", words("值"), scope="col", class_="number"),
        tag("th", words("95 % 区间"), scope="col", class_="number"),
        tag("th", words("题数"), scope="col", class_="number"),
        tag("th", words("较上次"), scope="col") if against else NOTHING,
    ]
    body = [
        tag(
            "tr",
            tag("th", words(row.label), scope="row"),
            tag("td", composed(row.value), class_="number value"),
            tag("td", row.interval, class_="number quiet", data_label=words("区间")),
            tag("td", str(row.n), class_="number quiet", data_label=words("题数")),
            tag("td", composed(row.change), class_=f"change {row.trend}") if against else NOTHING,
        )
        for row in rows.metric_rows(outcome.report)
    ]
    none = words("、").join(map(words, rows.uncounted(outcome.report)))
    return _section(
        words("指标"),
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), class_="metrics"),
        tag("p", words("没有题可计：{none}。", none=none), class_="aside") if none else NOTHING,
    )


def _changed(against: Comparison | None) -> Html:
    if against is None:
        return NOTHING
    when = against.made[:16].replace("T", " ")
    said = words(
        "上次是 {when}（UTC），索引 {index}；两次都有的题 {cases} 道。",
        when=when,
        index=against.index,
        cases=against.cases,
    )
    lists = [
        tag("p", words(said, n=len(ids), ids=words("、").join(ids)))
        for said, ids in (
            ("新失败 {n} 题：{ids}", against.newly_failed),
            ("新通过 {n} 题：{ids}", against.newly_passed),
        )
        if ids
    ]
    same = tag("p", words("没有题的结果变了。"))
    return _section(words("与上次相比"), tag("p", said, class_="aside"), *(lists or [same]))


def _failed(failed: Sequence[Result]) -> Html:
    if not failed:
        return _section(words("未通过的题"), tag("p", words("全部通过。")))
    more = (
        words("列出前 {shown} 题，其余见下载的报告。", shown=SHOWN) if len(failed) > SHOWN else ""
    )
    return _section(
        words("未通过的题（{n}）", n=len(failed)),
        *(_case(result, opened=result is failed[0]) for result in failed[:SHOWN]),
        tag("p", more, class_="aside") if more else NOTHING,
    )


def _case(result: Result, opened: bool) -> Html:
    case = result.case
    pairs = [(words("之前问过"), question) for question in case.history]
    pairs += [(words("为何"), why) for why in result.why]
    if result.answer is not None:
        pairs.append((words("回答"), rows.answer_text(result)))
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
        tag("figure", tag("figcaption", words(title)), Html(picture))
        for title, picture in pictures
        if picture
    ]
    return _section(words("图"), tag("div", *figures, class_="pictures")) if figures else NOTHING


def _section(heading: str, *content: Html) -> Html:
    return tag("section", tag("h2", heading), *content)
