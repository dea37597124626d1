"""Does a sentence hold the kind of thing that a question asks for?"""

from __future__ import annotations

import re

from rag.answer.numbers import figures

_WHEN = re.compile(
    r"什么时候|何时|哪一?年|哪天|哪一天|几月|几号|哪个月|什么时间|什么日期|多久|多长时间"
)
_SHARE = re.compile(
    r"百分之几|占.{0,8}(?:多少|几)|比例|份额|增速|增幅|(?:增长|下降|提高)了?多少|率是?多少"
)
_COUNT = re.compile(r"(?:多少|几)(?:万|亿)?([\u4e00-\u9fff]{1,2})")
_MEASURE = re.compile(r"多少|多大|多高|多长|多远|多重|几")
_TIMES = frozenset("年 个月 月 周 天 日 小时 分钟".split())


def fits(question: str, sentence: str) -> float:
    """1: it holds what is asked for; 0: it does not; between: it may."""
    found = figures(sentence)
    counted = any(figure.kind in ("number", "percent") for figure in found)
    if _WHEN.search(question):
        return float(any(f.kind == "date" or f.unit in _TIMES for f in found))
    if _SHARE.search(question):
        return float(any(f.kind == "percent" or "%" in f.unit for f in found))
    unit = _COUNT.search(question)
    if unit and any(f.unit and (f.unit[0] == unit[1][0] or f.unit in unit[1]) for f in found):
        return 1.0
    if unit:
        return 0.3 if counted else 0.0
    if _MEASURE.search(question):
        return float(counted)
    return 0.7
