"""What a question is limited to, as it is drawn: chips, the panel that chooses, notes in turns."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from rag.retrieve.filters import Counts, Missing, shortened
from rag.types import Article, Filters
from rag.web.article_view import printed_date
from rag.web.conversation import Turn
from rag.web.language import words
from rag.web.markup import NOTHING, Html, join, tag

KINDS = {"paper": "报纸", "column": "栏目", "reporter": "记者", "issue": "期号"}
DAYS = "days"
"""The chip of both ends of a range of days."""
LISTED = 300
"""Values that the panel offers of each kind; any other may be typed."""


def limits(filters: Filters) -> list[tuple[str, str, str]]:
    """What is given: the chip's name, the kind (empty for days) and what it says."""
    found = [(DAYS, "", days)] if (days := _days(filters.since, filters.until)) else []
    for name, kind in KINDS.items():
        if value := getattr(filters, name):
            found.append((name, words(kind), shortened(value)))
    return found


def limits_text(filters: Filters) -> str:
    """All that is given, in one line; empty where nothing is."""
    return " · ".join(f"{kind} {said}".strip() for _, kind, said in limits(filters))


def opener() -> Html:
    """The button beside the input."""
    return tag(
        "button",
        words("范围"),
        type="button",
        class_="opener",
        title=words("只问某些日期、报纸、栏目、记者或某一期"),
        data_limit="open",
        aria_controls="limit-panel",
        aria_expanded="false",
    )


def chips(filters: Filters) -> Html:
    """A button for each limit, which removes it."""
    items = [
        tag(
            "li",
            tag(
                "button",
                tag("span", kind, class_="kind") if kind else NOTHING,
                tag("span", said, class_="said"),
                tag("span", "×", class_="cross", aria_hidden="true"),
                type="button",
                class_="chip",
                data_drop=name,
                aria_label=words("去掉范围：{limit}", limit=f"{kind} {said}".strip()),
                title=words("点一下去掉"),
            ),
        )
        for name, kind, said in limits(filters)
    ]
    return tag("ul", *items, class_="chips", aria_label=words("提问范围")) if items else NOTHING


def limits_line(filters: Filters) -> Html:
    """Under a question: what it was limited to."""
    text = limits_text(filters)
    return tag("p", words("限于 {text}", text=text), class_="aside limits") if text else NOTHING


def limited(turn: Turn) -> Html:
    """Under a refusal: that only a part was read, and the same question without limits."""
    text = limits_text(turn.filters)
    if not text:
        return NOTHING
    again = tag(
        "button", words("去掉范围再问"), type="button", class_="again", data_again=turn.number
    )
    return tag(
        "p",
        words("这一问只查了限定的范围（限于 {text}）。", text=text),
        again,
        class_="aside limited",
    )


def panel(
    articles: Sequence[Article],
    held: Counts,
    given: Mapping[str, str],
    visit: str,
    problem: str = "",
    wrong: str = "",
) -> Html:
    """The form with what the corpus offers now.

    held: its values. given: what stands in the form's fields. visit: differs each time, so that
    it is drawn afresh. problem: what is wrong with the field `wrong`.
    """
    shown = {name: held[name].most_common(LISTED) for name in ("paper", "column", "reporter")}
    days = sorted({article.date for article in articles if article.date})
    fields = [
        tag(
            "div",
            _date_field("from", words("从"), given, days, wrong),
            _date_field("to", words("到"), given, days, wrong),
            class_="days",
        ),
        _select("paper", shown["paper"], given, wrong),
        _select("column", shown["column"], given, wrong),
        _typed(
            "reporter",
            [(name, words("{n} 篇", n=n)) for name, n in shown["reporter"]],
            given,
            wrong,
        ),
        _typed("issue", list(_issues(articles, held["issue"])), given, wrong),
    ]
    span = (
        words("馆藏的日期：{days}", days=_days(days[0], days[-1]))
        if days
        else words("馆藏的报道都没有日期")
    )
    return tag(
        "form",
        tag("p", tag("strong", words("提问范围")), tag("span", span, class_="span"), class_="top"),
        tag("p", problem, class_="notice", role="alert") if problem else NOTHING,
        tag("div", *fields, class_="fields"),
        tag(
            "div",
            tag("button", words("清空"), type="button", class_="quiet", data_limit="clear"),
            tag("button", words("关闭"), type="button", class_="quiet", data_limit="close"),
            tag("button", words("确定"), type="submit", class_="use"),
            class_="actions",
        ),
        id="limit-panel",
        class_="limit-panel",
        novalidate=True,
        autocomplete="off",
        aria_label=words("提问范围"),
        data_visit=visit,
    )


def given_of(filters: Filters) -> dict[str, str]:
    """What stands in the form's fields for filters, by the names that `read_filters` takes."""
    ends = {"from": filters.since, "to": filters.until}
    dates = {name: day.isoformat() if day else "" for name, day in ends.items()}
    return dates | {name: getattr(filters, name) for name in KINDS}


def lost(missing: Missing) -> str:
    """That nothing has a value, and what comes nearest."""
    kind = words(KINDS[missing.name])
    told = words("馆藏里没有{kind}“{value}”", kind=kind, value=shortened(missing.value))
    if not missing.nearest:
        return words("{told}，也没有标明{kind}的报道。", told=told, kind=kind)
    return words(
        "{told}；相近的有：{near}。",
        told=told,
        near=words("、").join(map(shortened, missing.nearest)),
    )


def _days(since: date | None, until: date | None) -> str:
    """A range of days in words: a whole year, a whole month, a day, or both its ends."""
    if since is None or until is None:
        if since is not None:
            return words("{day}起", day=printed_date(since))
        return words("截至{day}", day=printed_date(until)) if until else ""
    if since == until:
        return printed_date(since)
    if (since.day, until.day) == (1, monthrange(until.year, until.month)[1]):
        if (since.year, since.month, until.month) == (until.year, 1, 12):
            return words("{day.year}年", day=since)
        if (since.year, since.month) == (until.year, until.month):
            return words("{day.year}年{day.month}月", day=since)
    return words("{first}至{last}", first=printed_date(since), last=printed_date(until))


def _field(label: str, content: Html, class_: str = "field") -> Html:
    return tag("label", tag("span", label), content, class_=class_)


def _date_field(
    name: str, label: str, given: Mapping[str, str], days: Sequence[date], wrong: str
) -> Html:
    field = tag(
        "input",
        type="date",
        name=name,
        value=given.get(name, ""),
        min=days[0].isoformat() if days else None,
        max=days[-1].isoformat() if days else None,
        aria_invalid=_invalid(name, wrong),
    )
    return _field(label, field)


def _select(
    name: str, choices: Sequence[tuple[str, int]], given: Mapping[str, str], wrong: str
) -> Html:
    chosen = given.get(name, "")
    if chosen and chosen not in dict(choices):
        choices = [*choices, (chosen, 0)]
    options = [
        tag(
            "option",
            words("{value}（{n} 篇）", value=shortened(value), n=n),
            value=value,
            selected=value == chosen,
        )
        for value, n in choices
    ]
    anything = tag("option", words("不限") if options else words("馆藏没有标明"), value="")
    field = tag(
        "select",
        anything,
        *options,
        name=name,
        disabled=not options,
        aria_invalid=_invalid(name, wrong),
    )
    return _field(words(KINDS[name]), field)


def _typed(
    name: str, choices: Sequence[tuple[str, str]], given: Mapping[str, str], wrong: str
) -> Html:
    offered = tag(
        "datalist",
        *(tag("option", said, value=value) for value, said in choices),
        id=f"limit-{name}",
    )
    field = tag(
        "input",
        type="text",
        name=name,
        value=given.get(name, ""),
        list=f"limit-{name}",
        placeholder=words("不限") if choices else words("馆藏没有标明"),
        disabled=not choices,
        maxlength=200,
        aria_invalid=_invalid(name, wrong),
    )
    return _field(words(KINDS[name]), join((field, offered)))


def _invalid(name: str, wrong: str) -> str | None:
    return "true" if name == wrong else None


def _issues(articles: Sequence[Article], held: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The newest issues with their date, paper and number of articles."""
    first: dict[str, Article] = {}
    for article in articles:
        first.setdefault(article.issue_id, article)
    newest = sorted(first.items(), key=lambda item: (item[1].date or date.min, item[0]))
    for name, article in newest[::-1][:LISTED]:
        parts = (printed_date(article.date) if article.date else "", article.paper)
        said = " · ".join(part for part in (*parts, words("{n} 篇", n=held[name])) if part)
        yield name, said
