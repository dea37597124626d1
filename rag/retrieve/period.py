"""What a question says about when an issue appeared.

A date filters only where it is tied to words for newspapers: 9月的报道 asks for the issues of
September, 9月产值多少 for what an article says of September.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rag.index.words import normalise

NOUN = (
    "报道|报导|文章|稿[件子]|消息|报纸|"
    "新闻(?!发布|发言|出版|传播|学|奖|中心|办|社|网|照|图|媒|记者|联播)"
)
"""Words for what a newspaper prints, as a pattern's alternatives."""

_N = "[0-9〇零一二三四五六七八九十]"
_YEAR = "(?:19|20)[0-9]{2}|[一二][〇零九][〇零一二三四五六七八九]{2}"
_DATE = re.compile(
    rf"(?<![0-9.])(?P<y1>{_YEAR})(?P<sep>[-/.]?)(?P<m1>[0-9]{{2}}|(?<=[-/.])[0-9])"
    rf"(?:(?P=sep)(?P<d1>[0-9]{{2}}|(?<=[-/.])[0-9]))?(?![0-9年月])"
    rf"|(?<![0-9])(?P<y2>{_YEAR})年(?:(?P<part>[上下]半年|第?[一二三四1-4]季度)"
    rf"|(?P<m2>{_N}{{1,2}})月份?(?:(?P<d2>{_N}{{1,3}})[日号])?)?"
    rf"|(?<!{_N})(?P<m3>{_N}{{1,2}})月份?(?:(?P<d3>{_N}{{1,3}})[日号])?"
)
_JOINER = re.compile(r"到|至|和|与|及|、|-|—+|~")
# 一期 of a building site, a fund or a course is no issue.
_NO_ISSUE = "(?!的?(?:工程|项目|建设|基金|债|国债|培训|课程|班|榜|名单|节目|讲座|论坛|活动|厂))"
_ASKED = (
    "(?:采?[写登][了过]?)?(?:一共|总共|共|都)?还?有?(?:哪些|哪几篇|什么|几篇|多少篇|几条|多少条)"
)
_TIE = re.compile(
    r"(?P<edge>以来|以后|之后|以前|之前)?的?(?:[那这当]一?天的?)?(?:"
    rf"[那这]?一期{_NO_ISSUE}|[那这]期{_NO_ISSUE}|[那这两三]一?[两三]?个?版|[两三几][期次]报|"
    rf"[两三几]期|第{_N}+版(?!本)|头版|刊登|刊发|刊出|登载|登(?:的|了|过|出)|(?:最[新近]的?)?(?:{NOUN})|"
    rf"(?:关于|有关|讲|写)[^,。?!;:]{{1,15}}的(?:{NOUN})|(?:发表|发布|写|采写)的(?:{NOUN})|"
    rf"{_ASKED}[^,。?!;:]{{0,8}}?(?:{NOUN})(?:$|[?,。])|(?<=的)[^,。?!;:的]{{1,6}}?(?:{NOUN}))"
)
_PRINTED_ON = re.compile(r"(?:登|刊|刊登|刊发|登载)[在于]了?$")
_ISSUE = re.compile(rf"(?P<which>最[新近]|最早|上)的?[这那]?一?(?<!上)期(?:报纸)?{_NO_ISSUE}")
_NEWEST = re.compile(
    rf"最[新近]的?(?:[一这几][篇条则次])?的?(?:相关|有关)?(?:{NOUN})"
    # 最新的出口数据, 最新的出口量是多少: the figure that the newest report gives.
    r"|最新的?[^,。?!;:]{0,12}?(?:数据|数字|统计)|最新的[^,。?!;:]{1,16}多少"
)
_CLAUSE = re.compile(
    r"(?:请|根据|依据|按照|按|据|依|从|在|照)?(?:最[新近]的?)?(?:里|中)?的?(?:[刊登发]+[载表出了过的]*)?"
    rf"的?(?:[这那两一]?[一两]?[篇期条次份])?的?(?:相关|有关)?(?:{NOUN})?(?:里面?|中|上|内|来?看|显示)*"
)
"""A clause that says when something was printed, and nothing else, without its date."""
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


@dataclass(frozen=True, slots=True)
class Period:
    """Days on which issues appeared, both ends included; None is open.

    newest: the newest comes first. 最新一期 has bounds too (that issue's day); 最新报道 has
    none, since the newest report on a matter need not stand in the newest issue.
    """

    start: date | None = None
    end: date | None = None
    newest: bool = False

    def holds(self, day: date | None) -> bool:
        """Whether an issue of that day belongs to it; an issue without a date only if open."""
        if day is None:
            return self.start is None and self.end is None
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


def period(question: str, dates: Sequence[date]) -> Period | None:
    """The issues that a question is about, or None where it does not say.

    dates: those of the corpus's issues, in any order, repeated or not. A month or a day
    without its year is that of the newest year that has such an issue.
    """
    found = find(plain(question), dates)
    return found[0] if found else None


def undated(question: str) -> str:
    """The question without a clause before it (8月的报道里，) that only says when it was printed.

    What was printed then says nothing of it; the words would only be looked for in vain.
    """
    head, comma, rest = question.replace(",", "，").partition("，")
    # Any dates do: that there is a period and where it stands is told by form.
    found = find(plain(head), [date(2000, 2, 29)]) if comma else None
    if not found or not re.search(r"\w", rest):
        return question
    _period, start, end = found
    text = plain(head)
    if re.search("[和与及、]", text[start:end]):
        return question  # The times themselves are compared.
    return rest.lstrip() if _CLAUSE.fullmatch(text[:start] + text[end:]) else question


def plain(text: str) -> str:
    """Normal form without white space: what `find` reads."""
    return re.sub(r"\s+", "", normalise(text))


def find(question: str, dates: Sequence[date]) -> tuple[Period, int, int] | None:
    """The period and the range of its words (without 这一期, 报道) in a `plain` question."""
    if match := _ISSUE.search(question):
        day = _issue_day(match["which"], dates)
        newest = match["which"] in ("最新", "最近")
        return Period(day, day, newest), match.start(), match.end()
    for group in _groups(question):
        start, end = group[0].start(), group[-1].end()
        tie = _TIE.match(question, end)
        if tie or _PRINTED_ON.search(question[:start]):
            bounds = _bounds(group, dates)
            if bounds is None:
                continue
            edge = tie["edge"] if tie else None
            return _open(bounds, edge), start, end + len(edge or "")
    if match := _NEWEST.search(question):
        return Period(newest=True), match.start(), match.start() + 2
    return None


def _issue_day(which: str, dates: Sequence[date]) -> date | None:
    days = sorted(set(dates))
    if not days:
        return None
    if which == "最早":
        return days[0]
    return days[-2] if which == "上" and len(days) > 1 else days[-1]


def _groups(question: str) -> list[list[re.Match[str]]]:
    """Dates in their order; those joined by 到, 和 and the like are one group."""
    groups: list[list[re.Match[str]]] = []
    for match in _DATE.finditer(question):
        between = question[groups[-1][-1].end() : match.start()] if groups else ""
        if between and _JOINER.fullmatch(between):
            groups[-1].append(match)
        else:
            groups.append([match])
    return groups


def _bounds(group: Sequence[re.Match[str]], dates: Sequence[date]) -> tuple[date, date] | None:
    """First and last day of all dates of a group; None where one of them is none."""
    days: list[date] = []
    year = 0
    for match in group:
        span = _span(match, dates, year)
        if span is None:
            return None
        days += span
        year = span[0].year
    return min(days), max(days)


def _span(match: re.Match[str], dates: Sequence[date], year: int) -> tuple[date, date] | None:
    """The days of one date; `year` is that of the date before it, 0 for none."""
    groups = match.groupdict()
    written = groups["y1"] or groups["y2"]
    month = _number(groups["m1"] or groups["m2"] or groups["m3"])
    day = _number(groups["d1"] or groups["d2"] or groups["d3"])
    year = _number(written) if written else year or _newest_year(month, day, dates)
    first, last = _months(groups["part"], month)
    try:
        start = date(year, first, day or 1)
        return start, start if day else date(year, last, monthrange(year, last)[1])
    except ValueError:  # no such day
        return None


def _months(part: str | None, month: int) -> tuple[int, int]:
    """First and last month of a half-year, a quarter, a month or (0) a year."""
    if not part:
        return (month, month) if month else (1, 12)
    if part.endswith("半年"):
        return (1, 6) if part[0] == "上" else (7, 12)
    quarter = _number(part.lstrip("第")[0])
    return 3 * quarter - 2, 3 * quarter


def _newest_year(month: int, day: int, dates: Sequence[date]) -> int:
    """The newest year with an issue of that month (and day), or the newest of all; 0: none."""
    fitting = [d.year for d in dates if d.month == month and day in (0, d.day)]
    return max(fitting or [d.year for d in dates], default=0)


def _number(text: str | None) -> int:
    """Digits, or Chinese numerals up to 99 or digit by digit (二〇二三); 0 of nothing."""
    if not text:
        return 0
    if "十" in text:
        tens, _ten, ones = text.partition("十")
        return 10 * (_number(tens) or 1) + _number(ones.replace("十", ""))
    return int(text.translate(_DIGITS))


def _open(bounds: tuple[date, date], edge: str | None) -> Period:
    """8月以来 has no end, 8月以前 no start."""
    start, end = bounds
    if edge in ("以来", "以后", "之后"):
        return Period(start, None)
    return Period(None, end) if edge else Period(start, end)
