"""All cases together: every metric with its interval, tags, refusal curve, comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rag.evaluate.record import Change, Comparison, CurvePoint, Metric, Report, Result
from rag.evaluate.text_metrics import figure_support

RESAMPLES = 2000
SEED = 0
_QUANTILES = {"p50": 0.50, "p95": 0.95}
STAGES = {
    "retrieve": "检索",
    "read": "阅读",
    "check": "核对",
    "first_token": "首字",
    "total": "总计",
}
"""What is timed of an answer: the stages, then what the reader waits for."""


class About(NamedTuple):
    """A metric for the reader. unit: `share` (0 to 1), `seconds`, or empty (0 to 1, no share)."""

    label: str
    explanation: str
    unit: str = "share"
    higher_is_better: bool = True


METRICS: dict[str, About] = {
    "passed": About("通过率", "要求全部满足的题所占的比例"),
    "answer_match": About("答案正确", "含有预期文字、不含禁用文字的回答"),
    "character_f1": About("字 F1", "与最接近的预期答案相同的字，准确率与召回率的调和平均", ""),
    "word_f1": About("词 F1", "与最接近的预期答案相同的词，准确率与召回率的调和平均", ""),
    "rouge_l": About("ROUGE-L", "与最接近的预期答案的最长公共子序列（按字），F1", ""),
    "citation_precision_article": About("引文篇章准确率", "引用的文章里，属于预期文章的"),
    "citation_recall_article": About("引文篇章召回率", "预期文章里，被引用到的"),
    "citation_precision_sentence": About("引文句准确率", "引用的句子里，含有预期文字的"),
    "citation_recall_sentence": About("引文句召回率", "预期文字里，出现在某个引用句中的"),
    "figures_supported": About("数字有据", "回答里的数字，出现在该句引文中的"),
    "refusal_precision": About("拒答准确率", "拒答的题里，资料确实没有答案的"),
    "refusal_recall": About("拒答召回率", "资料没有答案的题里，拒答了的"),
    "refusal_f1": About("拒答 F1", "拒答准确率与召回率的调和平均", ""),
    "false_refusals": About("误拒率", "资料有答案的题里，被拒答的", "share", False),
    "recall_at_1": About("召回率@1", "预期文章里，排在第一的"),
    "recall_at_3": About("召回率@3", "预期文章里，排在前三篇的"),
    "recall_at_10": About("召回率@10", "预期文章里，前十个段落所属的"),
    "mrr_at_10": About("MRR@10", "第一篇预期文章名次的倒数", ""),
    "ndcg_at_10": About("nDCG@10", "按名次折减的命中得分与最好情形之比", ""),
    "answer_in_top_1": About("首条含答案", "第一个段落就含答案的题"),
    "answer_in_top_3": About("前三条含答案", "前三个段落里含答案的题"),
    "answer_in_top_10": About("前十条含答案", "前十个段落里含答案的题"),
    "retrieve_p50": About("检索 p50", "检索用时的中位数", "seconds", False),
    "retrieve_p95": About("检索 p95", "检索用时的第 95 百分位", "seconds", False),
    "read_p50": About("阅读 p50", "等待生成模型的用时，中位数", "seconds", False),
    "read_p95": About("阅读 p95", "等待生成模型的用时，第 95 百分位", "seconds", False),
    "check_p50": About("核对 p50", "核对与成文的用时，中位数", "seconds", False),
    "check_p95": About("核对 p95", "核对与成文的用时，第 95 百分位", "seconds", False),
    "first_token_p50": About("首字 p50", "到首字的用时，中位数", "seconds", False),
    "first_token_p95": About("首字 p95", "到首字的用时，第 95 百分位", "seconds", False),
    "total_p50": About("总计 p50", "整个回答的用时，中位数", "seconds", False),
    "total_p95": About("总计 p95", "整个回答的用时，第 95 百分位", "seconds", False),
}
"""Every metric in the order of the reports."""


def summarise(results: Sequence[Result]) -> dict[str, Metric]:
    """Every metric of `METRICS`, in that order, over the cases that it applies to.

    Metrics of answers count no case where only retrieval ran.
    """
    pairs = _ratios(results)
    metrics = {name: _ratio_metric(rows) for name, rows in pairs.items()}
    for stage in STAGES:
        seconds = _seconds(results, stage)
        for name, share in _QUANTILES.items():
            metrics[f"{stage}_{name}"] = _quantile_metric(seconds, share)
    return {name: metrics[name] for name in METRICS}


def tag_rates(results: Sequence[Result]) -> dict[str, Metric]:
    """The share of passed cases of each tag, by tag."""
    tags = sorted({tag for result in results for tag in result.case.tags})
    return {
        tag: _ratio_metric([(float(r.passed), 1.0) for r in results if tag in r.case.tags])
        for tag in tags
    }


def refusal_curve(results: Sequence[Result]) -> tuple[CurvePoint, ...]:
    """Precision and recall of refusing below each confidence that was given, ascending.

    Answers without a confidence are made from records and never refused; they count in the
    recall. Empty where no question is unanswerable.
    """
    rated = [
        (confidence, result.case.refuse)
        for result in results
        if result.answer and (confidence := result.answer["confidence"]) is not None
    ]
    to_refuse = sum(result.case.refuse for result in results if result.answer)
    if not to_refuse:
        return ()
    points = []
    for threshold in sorted({confidence for confidence, _refuse in rated} | {1.0}):
        refused = [refuse for confidence, refuse in rated if confidence < threshold]
        if refused:
            right = sum(refused)
            points.append(
                CurvePoint(
                    threshold=threshold, precision=right / len(refused), recall=right / to_refuse
                )
            )
    return tuple(points)


def compare(
    before: Report, after_results: Sequence[Result], after_metrics: dict[str, Metric]
) -> Comparison:
    """What changed since `before`, over the cases that both have, by their ids."""
    earlier = {result.case.id: result for result in before.results}
    now = {result.case.id: result for result in after_results}
    both = [i for i in now if i in earlier]
    old, new = before.metrics, after_metrics
    if len(both) < len(earlier):
        old = summarise([earlier[i] for i in both])
    if len(both) < len(now):
        new = summarise([now[i] for i in both])
    return Comparison(
        made=before.made,
        index=str(before.index.get("version", "")),
        cases=len(both),
        metrics={
            name: Change(before=old[name].value if name in old else None, after=metric.value)
            for name, metric in new.items()
        },
        newly_failed=tuple(i for i in both if earlier[i].passed and not now[i].passed),
        newly_passed=tuple(i for i in both if now[i].passed and not earlier[i].passed),
    )


Pairs = list[tuple[float, float]]
"""A case's part of a ratio's numerator and denominator. Cases without the latter don't count."""


def _ratios(results: Sequence[Result]) -> dict[str, Pairs]:
    answered = [(r.case.refuse, r.answer) for r in results if r.answer is not None]
    refusals = [(refuse, bool(answer["refused"])) for refuse, answer in answered]
    figures = [figure_support(answer) for _refuse, answer in answered]
    own = {name: [(r.scores[name], 1.0) for r in results if name in r.scores] for name in METRICS}
    return own | {
        "passed": [(float(r.passed), 1.0) for r in results],
        "figures_supported": [(total - len(wrong), total) for total, wrong in figures],
        "refusal_precision": [(refuse, refused) for refuse, refused in refusals if refused],
        "refusal_recall": [(refused, refuse) for refuse, refused in refusals if refuse],
        "refusal_f1": [(2 * (a and b), a + b) for a, b in refusals],
        "false_refusals": [(refused, True) for refuse, refused in refusals if not refuse],
    }


def _ratio_metric(pairs: Pairs) -> Metric:
    """The sum of the numerators over that of the denominators: a mean where these are 1."""
    kept = [pair for pair in pairs if pair[1]]
    parts, wholes = [p for p, _w in kept], [w for _p, w in kept]
    return _metric([parts, wholes], lambda p, w, axis: p.sum(axis) / w.sum(axis))


def _quantile_metric(seconds: Sequence[float], share: float) -> Metric:
    import numpy as np

    return _metric([seconds], lambda values, axis: np.quantile(values, share, axis=axis))


def _seconds(results: Sequence[Result], stage: str) -> list[float]:
    """Times of a stage, where it ran."""
    return [result.seconds[stage] for result in results if stage in result.seconds]


def _metric(columns: Sequence[Sequence[float]], statistic: Callable[..., Any]) -> Metric:
    """The statistic with its interval: the percentile bootstrap over cases (Efron 1979).

    One case has no interval; where all cases are alike the interval is the value itself.
    """
    import numpy as np
    from scipy.stats import bootstrap

    data = [np.asarray(column, dtype=float) for column in columns]
    n = len(data[0])
    if n == 0:
        return Metric(value=None, n=0)
    value = float(statistic(*data, axis=-1))
    if n == 1:
        return Metric(value=value, n=1)
    interval = bootstrap(
        data,
        statistic,
        n_resamples=RESAMPLES,
        batch=max(1, 10**6 // n),
        vectorized=True,
        paired=True,
        method="percentile",
        rng=SEED,
    ).confidence_interval
    return Metric(value=value, n=n, low=float(interval.low), high=float(interval.high))
