"""Example questions that the corpus answers, made from what its sentences say.

A clause that names something and counts something is a question once its figure is taken out:
甲园区已引进企业320家 becomes 甲园区已引进企业多少家？
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

from rag.answer.figures import Figure, figures
from rag.index.words import ORGANISATION, harvest
from rag.ingest.chunk import sentences
from rag.types import Article

_CLAUSE = re.compile(r"[^，。；：！？、“”（）()\n]+")
_VAGUE = re.compile(
    r"^(?:其中|这|该|它|他|她|其|此|而|并|也|还|再|同比|比|较|又|把|让|使|从|在|到|为|以|上述|今年|去年)|[一这]次"
)
_ROUGH = re.compile(r"(?:大约|约|超过|超|将近|近|接近|逾|突破|共|至少|不到|不足|不低于|不多于)+$")
_LOOSE = re.compile("^(?:左右|以上|以下|以内|之多|余|多|上下)")
_MORE = re.compile("(?<![合吞兼])(?:并|且)(?![购网列]).*")
_WANTS = ("已", "数量", "总数", "规模", "产值", "合计", "种类", "算力", "的钱", "率")
_NUMERAL = re.compile(
    r"^[\d.,零〇一二两三四五六七八九十百千万亿余多几 ]+?"
    r"(?=[万亿]*(?:千[瓦克米]|[美欧日港]?元)|[^\d.,零〇一二两三四五六七八九十百千万亿余多几 ])"
)
"""The digits of a figure; 亿 stays with 元, for nobody asks for 元 where it is counted in 亿元."""
_COUNTED = frozenset("个家项人名亩台套件款座条种处间辆艘架所位平方米公里万元亿元元吨千瓦")


def example_questions(articles: Sequence[Article], n: int) -> list[str]:
    """Up to `n` questions, one from an article, newest articles first."""
    newest = sorted(articles, key=lambda a: a.date or date.min, reverse=True)
    found = (next(_questions(article), None) for article in newest)
    return list(islice(filter(None, found), n))


def figure_question(clause: str, figure: Figure) -> tuple[str, str]:
    """The clause with one of its figures asked for, and the words taken out.

    Both empty where it would read badly: a figure without a unit, or with nothing before it.
    """
    written = clause[figure.start : figure.end]
    before = _ROUGH.sub("", clause[: figure.start])
    after = _MORE.sub("", _LOOSE.sub("", clause[figure.end :]))
    if not before:
        return "", ""
    if before != clause[: figure.start] and before.endswith(_WANTS):
        before += "有" if before.endswith("已") else "是"  # 已超1800家 has lost its verb
    if figure.kind == "percent":
        return f"{before}百分之多少{after}？", written
    unit = written[_digits(written) :]
    return (f"{before}多少{unit}{after}？", written) if unit else ("", "")


def _digits(figure: str) -> int:
    """Where the unit of a figure begins; its length where it has none."""
    match = _NUMERAL.match(figure)
    return match.end() if match else len(figure)


def _questions(article: Article) -> Iterator[str]:
    """Questions of one article, in the order of its sentences."""
    terms = {t for t in harvest(article) if ORGANISATION.fullmatch(t)}
    for sentence in sentences(article):
        for match in _CLAUSE.finditer(sentence.text):
            clause = match.group().strip()
            named = any(term in clause for term in terms)
            counts = [f for f in figures(clause) if f.kind == "number"]
            if named and len(counts) == len(figures(clause)) == 1 and not _VAGUE.search(clause):
                question, taken = figure_question(clause, counts[0])
                if 10 <= len(question) <= 32 and taken[_digits(taken) :][:1] in _COUNTED:
                    yield question
