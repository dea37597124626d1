"""Where two issues give different figures for the same thing, both are given, with their dates.

A false conflict is worse than a missed one, so all of this has to hold for a sentence of
another issue: it has what the question asks about; its clause around the figure says what the
chosen sentence's says, and no word there narrows the thing down (late apples are not apples);
its names don't point elsewhere; and none of its figures is the chosen one, written in another
way or rounded. A period that the question names has to stand there too. Where it names
none, two periods (前3个月, 前8个月) are two answers, and their dates tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from rag.answer import figure_forms as forms
from rag.answer.align import Source, Support
from rag.answer.figures import Day, Figure, figures
from rag.answer.names import Tagger, unsupported_names
from rag.answer.numbers import supports
from rag.retrieve.lexicon import ASKING, Lexicon
from rag.retrieve.period import undated
from rag.types import Article

ASKED, IN_SENTENCE, ALIKE = 0.7, 0.85, 0.6
"""Shares by weight: of the question's words in sentence and headline; in the sentence alone,
where its clause is not like the chosen one; of the shorter clause's words in the other."""

LEAD = re.compile(r"^(?:\d{4}年\d{1,2}月\d{1,2}日的报道|《[^\n]*?》)：(?=“)")
"""What `with_dates` puts before a quotation: take it off before checking figures by quotes."""

_FEW_WORDS = 2  # of a clause; a question of no more is too vague
_LOOSE = Decimal("0.1")
_CLAUSE = re.compile(r"[^，,；;。：:！!？?\n]+")
# Units that `figures` doesn't know (40P); in 5G, 3D, 4K and V2 nothing is counted.
_CODED = re.compile(r"(?<![A-Za-z0-9.])[0-9]+(?:\.[0-9]+)?(?![GDKV])([A-Z][A-Za-z]{0,3})(?!\w)")
_HOW_MANY = re.compile(r"(多少|几|多[大长高])")
_OTHERWISE = re.compile(r"谁|哪|什么|为何|怎|如何|何[时地]")
_SHARE = re.compile(r"百分之[几多]|比例|比重|占比|份额|增幅|增速|增长率|增长了?多少")
_NEWEST = re.compile(r"最新|最近|目前|现在|如今|当前|至今")
_LATEST = re.compile("最[新近]")
_PRINTED = re.compile(r"报道|报纸|刊登|本报|[这那一]期")
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
_NEUTRAL = frozenset(  # words around a thing that don't make it another thing
    "已 已有 已经 共 共有 共计 总 总共 总计 一共 合计 累计 全部 现 现有 现在 目前 如今 今年 去年 "
    "当前 达 达到 约 超 超过 近 至 到 底 末 止 截至 截止 又 再 只 仅 就 则 而 且 但 其 该 本 此 "
    "称 说 后 前 内 里 间 时 以来 以后 之后 期间 每 更 增至 增加 到底 究竟 还是 报道 最新 最近 "
    "至今 上半年 下半年".split()
).union(ASKING, forms.CLASSIFIERS, forms.TIMES)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A figure with the words of its clause.

    narrowing: those right before a word of the question, or ending in one, that it lacks.
    """

    figure: Figure
    words: frozenset[str]
    narrowing: frozenset[str]


class _Topic:
    """What a question asks about: its shortest words, without figures and words of asking."""

    def __init__(self, question: str, lexicon: Lexicon) -> None:
        self.question, self.lexicon = question, lexicon
        self.counts = [f for f in _figures(question) if f.unit]
        # 多少公顷: the unit is no part of the topic; it shows which figure is asked for.
        before, how_many, after = (*_HOW_MANY.split(question, maxsplit=1), "", "")[:3]
        counted = [f for f in figures(f"32{after}") if how_many and not f.start]
        self.unit = "%" if _SHARE.search(question) else counted[0].unit if counted else ""
        self.of_figures = bool(self.unit or how_many or not _OTHERWISE.search(question))
        rest = before + (after[counted[0].end - 2 :] if counted else after)
        tokens = lexicon.tokens(_without_figures(rest)) - _NEUTRAL
        self.wanted = frozenset(t for t in tokens if not any(s != t and s in t for s in tokens))

    def share(self, held: Iterable[str]) -> float:
        """The share of its words, by weight, that are held."""
        return self.lexicon.share(self.wanted, set(held))

    def clauses(self, text: str) -> list[_Clause]:
        """Figures with a unit, each with its clause; one of few words takes the one before."""
        found = [f for f in _figures(text) if f.unit and f.kind in ("number", "percent")]
        clauses, before = [], frozenset[str]()
        for match in _CLAUSE.finditer(_without_figures(text)):
            words = frozenset(self.lexicon.tokens(match[0])) - _NEUTRAL
            said = words | before if len(words) < _FEW_WORDS else words, self._narrowing(match[0])
            inside = [f for f in found if match.start() <= f.start < match.end()]
            clauses += [_Clause(figure, *said) for figure in inside]
            before = words
        return clauses

    def _narrowing(self, clause: str) -> frozenset[str]:
        heads, found = tuple(self.wanted), set[str]()
        for piece in clause.split("\0"):
            words = self.lexicon.words(piece)
            found.update(w for w in words if w.endswith(heads))
            found.update(a for a, b in pairwise(words) if b.startswith(heads))
        return frozenset(w for w in found - _NEUTRAL if w not in self.question.lower())


def conflicting(
    chosen: Source,
    others: Sequence[Source],
    question: str,
    lexicon: Lexicon,
    tagger: Tagger | None = None,
) -> list[Source]:
    """Sentences of other issues with another figure for the same thing, newest first.

    One of an issue: the one most like the chosen sentence. Where the question asks for the
    newest, only what is newer than the chosen one.
    """
    topic = _Topic(undated(question), lexicon)
    clause = _asked(chosen[1].text, topic)
    scores = [(_score(clause, other, topic), other) for other in others] if clause else []
    found = [(s, o) for s, o in scores if s and _comparable(chosen, o, question, tagger)]
    best = {other[0].issue_id: other for _, other in sorted(found, key=lambda pair: pair[0])}
    return _newest_first(best.values())


def with_dates(chosen: Source, others: Sequence[Source], question: str = "") -> list[Support]:
    """The chosen sentence and those that conflict with it as sentences of an answer.

    Newest first, and that one alone where the question asks for the newest report or figure.
    Each is quoted whole behind the date of its issue, or behind its headline where it has no
    date. Each supports itself, as `verify.quotation` does: the date is the article's own record
    and stands in no quote, so these are not to be verified again (see LEAD).
    """
    told = _newest_first([chosen, *others])
    return [
        Support(f"{_lead(a)}：“{_stopped(sentence.text)}”", ((a, sentence),), 1.0)
        for a, sentence in (told[:1] if _LATEST.search(question) else told)
    ]


def _stopped(text: str) -> str:
    """With a full stop within the quotation marks, so that the next sentence stands apart."""
    return text if re.search("[。！？!?…”]$", text) else f"{text.rstrip('，；,;')}。"


def _lead(article: Article) -> str:
    day = article.date
    return f"{day.year}年{day.month}月{day.day}日的报道" if day else f"《{article.title}》"


def _newest_first(sources: Iterable[Source]) -> list[Source]:
    return sorted(sources, key=lambda s: -s[0].date.toordinal() if s[0].date else 0)


def _comparable(chosen: Source, other: Source, question: str, tagger: Tagger | None) -> bool:
    """Whether a sentence is of another issue, of the time asked about, and of no one else."""
    (mine, sentence), (article, its) = chosen, other
    if article.id == mine.id or (article.issue_id, article.date) == (mine.issue_id, mine.date):
        return False
    newer = article.date and mine.date and article.date > mine.date
    if (_NEWEST.search(question) and not newer) or not _of_the_time(question, article, its.text):
        return False
    asked, here, there = map(_without_figures, (question, sentence.text, its.text))
    if unsupported_names(asked, [there, article.headline], tagger=tagger):
        return False
    lacks = unsupported_names(here, [there, article.headline], question, tagger)
    return not (lacks and unsupported_names(there, [here, mine.headline], question, tagger))


def _of_the_time(question: str, article: Article, text: str) -> bool:
    """Whether a sentence has the periods that the question names, if it names any.

    Of a question about what was printed then, the date of the issue counts instead.
    """
    asked = [f for f in figures(question) if f.kind == "date" or f.unit in forms.TIMES]
    day = article.date
    if _PRINTED.search(question) and any(f.kind == "date" for f in asked):
        printed = [Figure(0, 0, "", "date", Day(day.year, day.month, day.day))] if day else []
        return any(supports(printed, f) for f in asked)
    for word, years in _YEARS.items():
        text = text.replace(word, f"{day.year + years}年" if day else word)
    held = figures(text)
    if day and not any(isinstance(f.value, Day) and f.value.year for f in held):
        held.append(Figure(0, 0, "", "date", Day(day.year)))
    return all(supports(held, f) for f in asked)


def _asked(text: str, topic: _Topic) -> _Clause | None:
    """The figure of the chosen sentence that answers the question; None where none does."""
    if not topic.of_figures or len(topic.wanted) <= _FEW_WORDS:
        return None
    clauses = topic.clauses(text)
    if topic.unit:
        clauses = [c for c in clauses if _same_unit(c.figure.unit, topic.unit)]
    else:
        clauses = [c for c in clauses if c.figure.unit not in forms.TIMES | {"%"}]
    return max(clauses, key=lambda c: topic.share(c.words), default=None)


def _score(mine: _Clause, other: Source, topic: _Topic) -> float:
    """How surely a sentence says the same with another figure; 0 where it does not."""
    held = topic.lexicon.tokens(other[1].text)
    same = [c for c in topic.clauses(other[1].text) if _same_unit(c.figure.unit, mine.figure.unit)]
    whole = topic.share(held | topic.lexicon.tokens(other[0].headline))
    if whole < ASKED or any(_agree(c.figure, mine.figure) for c in same):
        return 0.0
    best, asked = 0.0, topic.share(held)
    for clause in same:
        common = clause.words & mine.words
        if (clause.narrowing | mine.narrowing) - common:
            continue
        shares = [topic.lexicon.share(c.words, set(common)) for c in (clause, mine)]
        # 12艘还是14艘: the question says itself that both figures are of one thing.
        named = any(supports([clause.figure], f) for f in topic.counts)
        if len(common) >= _FEW_WORDS and max(shares) >= ALIKE:
            best = max(best, asked + sum(shares))
        elif common & topic.wanted and (named or asked >= IN_SENTENCE):
            best = max(best, asked)
    return best


def _figures(text: str) -> list[Figure]:
    """The figures of a text, those with a unit of letters too; they don't overlap."""
    found = figures(text)
    for m in _CODED.finditer(text):
        if not any(f.start < m.end() and m.start() < f.end for f in found):
            found.append(Figure(*m.span(), m[0], "number", Decimal(m[0][: -len(m[1])]), m[1]))
    return found


def _without_figures(text: str) -> str:
    """Every figure blanked, so that positions stay."""
    for f in _figures(text):
        text = text[: f.start] + "\0" * (f.end - f.start) + text[f.end :]
    return text


def _same_unit(a: str, b: str) -> bool:
    return a == b or any({a, b} <= group for group in forms.ALIKE)


def _agree(a: Figure, b: Figure) -> bool:
    """Whether two figures may be one: equal, rounded (1.2万 and 12043), or about as much."""
    if not isinstance(a.value, Decimal) or not isinstance(b.value, Decimal):
        return True
    gap, most = abs(a.value - b.value), max(abs(a.value), abs(b.value))
    loose = _LOOSE * most if a.qualifier or b.qualifier else 0
    return gap <= loose or gap < max(_place(a.text, a.value), _place(b.text, b.value))


def _place(text: str, value: Decimal) -> Decimal:
    """What the last written digit counts: of 1.2万, 1000. 0 where it counts single things."""
    written = re.match(r"[0-9,]+(?:\.([0-9]+))?", text)
    number = Decimal(written[0].replace(",", "")) if written else value
    if not written or number in (0, value):
        return Decimal()
    return abs(value / number).scaleb(-len(written[1] or ""))
