"""Example questions that the corpus answers, made from what its sentences say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from rag.ingest.chunk import sentences
from rag.types import Article

# A name, a verb of counting and a figure make a question: 甲园区累计引进企业1.2万家。
_COUNTED = re.compile(
    r"^(?:截至[^，]{2,8}，|目前，|如今，|\d{4}年[^，]{0,4}，|据[^，]{2,8}，)?"
    r"(?P<name>[^，。、；：“”（）()\d]{3,16}?)(?P<verb>累计[^\d，。约超近]{1,8}?|已?集聚[^\d，。约超近]{0,12}?"
    r"|拥有[^\d，。约超近]{0,12}?|新增[^\d，。约超近]{0,8}?|实现[^\d，。约超近]{1,8}?"
    r"|达到|出口|生产|建成[^\d，。约超近]{0,8}?|完成[^\d，。约超近]{0,8}?)"
    r"(?:约|超过?|近|突破|为|达)?\d[\d.]*万?亿?余?(?P<unit>[\u4e00-\u9fff]{1,2})"
)


def example_questions(articles: Sequence[Article], n: int) -> list[str]:
    """Up to `n` questions, at most one from an article, newest articles first."""
    newest = sorted(articles, key=lambda a: a.date or date.min, reverse=True)
    found: list[str] = []
    for article in newest:
        question = _question(article)
        if question and question not in found:
            found.append(question)
        if len(found) == n:
            break
    return found


def _question(article: Article) -> str:
    for sentence in sentences(article):
        match = _COUNTED.match(sentence.text)
        if match:
            unit = match.group("unit")[:1]
            asked = f"{match.group('name')}{match.group('verb')}了多少{unit}"
            return f"{asked}？" if len(asked) <= 30 else ""
    subject = re.split(r"[，。：；！？“”]", article.headline)[0]
    return f"{subject}的情况如何？" if 4 <= len(subject) <= 16 else ""
