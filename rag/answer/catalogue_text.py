"""The sentences in which articles' records are told: 《标题》（记者甲，2022年6月10日第2版）。"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from rag.answer.align import Support
from rag.ingest.chunk import sentences
from rag.retrieve.period import Period, plain
from rag.types import Article

LISTED = 10
"""The most articles, issues or names that an answer lists."""


def cited(article: Article, text: str, byline: bool = False) -> Support:
    """A sentence about an article; the article's first sentence is its quotation, if any.

    byline: quotes the sentence that has the byline in it instead, where one has.
    """
    told = sentences(article)
    signed = [s for s in told if byline and _signs(article, s.text)]
    return Support(text, tuple((article, sentence) for sentence in (signed or told)[:1]), 1.0)


def _signs(article: Article, sentence: str) -> bool:
    """Whether a sentence holds a byline in brackets: （记者 甲 通讯员 乙）."""
    names = (*article.reporters, *article.correspondents)
    inside = re.findall(r"[（(]([^（()）]*(?:记者|通讯员)[^（()）]*)[）)]", sentence)
    return any(name in words for words in inside for name in names)


def list_articles(articles: Sequence[Article], said: Sequence[str]) -> list[Support]:
    """A sentence for each article; `said` is what they have in common."""
    items = []
    for article in articles:
        place = place_of(article, "、".join(said))
        note = "，".join(filter(None, (byline(article), place)))
        items.append((article, title(article) + (f"（{note}）" if note else "")))
    return _listed(f"{'、'.join(said)}的报道" if said else "收录的报道", "篇", items)


def list_issues(articles: Sequence[Article], newest: bool = False) -> list[Support]:
    """A sentence for each issue: its day, and how many articles it has; newest first."""
    issues: dict[str, list[Article]] = {}
    for article in articles:
        key = written(article.date) or article.issue_id
        issues.setdefault(f"{paper(article)}{key}", []).append(article)
    items = [(group[0], f"{name}（{len(group)}篇报道）") for name, group in issues.items()]
    if len(items) == 1:
        article, words = items[0]
        return [cited(article, f"{'最新一期' if newest else '这一期'}是{words}。")]
    return _listed("收录的报纸", "期", items)


def tally(kind: str, named: Sequence[tuple[Article, str]]) -> list[Support]:
    """A sentence for each name with the number of its articles, the most frequent first."""
    counts = Counter(name for _article, name in named)
    first = {name: article for article, name in reversed(named)}
    items = [(first[name], f"{name}（{n}篇）") for name, n in counts.most_common()]
    return _listed(kind, "个" if kind == "栏目" else "位", items)


def _listed(what: str, unit: str, items: Sequence[tuple[Article, str]]) -> list[Support]:
    """Up to LISTED items as one sentence in so many parts, each with its own citation."""
    count = len(items)
    if not count:
        return []
    head = f"{what}共{count}{unit}："
    tail = f"等{count}{unit}。" if count > LISTED else "。"
    shown = items[:LISTED]
    ends = ["；"] * (len(shown) - 1) + [tail]
    heads = [head] + [""] * (len(shown) - 1)
    parts = zip(heads, shown, ends, strict=True)
    return [cited(article, f"{before}{text}{after}") for before, (article, text), after in parts]


def title(article: Article) -> str:
    """《标题》; the beginning of the text for an article that has none."""
    if article.headline:
        words = " ".join(article.headline.split())
        return f"《{words.translate(str.maketrans('《》', '〈〉'))}》"
    start = " ".join(article.text[:20].split())
    return f"“{start}……”一文" if start else "（无题）"


def byline(article: Article) -> str:
    """记者甲、乙，通讯员丙 in one line; empty where none is named."""
    kinds = (("记者", article.reporters), ("通讯员", article.correspondents))
    return "、".join(f"{kind}{'、'.join(names)}" for kind, names in kinds if names)


def place_of(article: Article, said: str = "") -> str:
    """2022年6月10日第2版“要闻”栏目, as far as it is known and not `said` before."""
    page = page_of(article)
    parts = (
        written(article.date),
        f"第{page}版" if page else "",
        f"“{article.column}”栏目" if article.column else "",
    )
    return "".join(part for part in parts if part not in said)


def page_of(article: Article) -> str:
    """The number of its page without the words around it."""
    return re.sub("^第|版$", "", plain(article.page))


def written(day: date | None) -> str:
    """2022年6月10日; empty for None."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def when(period: Period) -> str:
    """The days of a period: 2022年6月10日, 2022年6月, 2022年, or from one day to another."""
    start, end = period.start, period.end
    if start == end:
        return f"{written(start)}刊登"
    if start and end and start.day == 1 and (end + timedelta(1)).day == 1:
        months = (start.year, start.month), (end.year, end.month)
        if months == ((start.year, 1), (start.year, 12)):
            return f"{start.year}年刊登"
        first, last = (f"{year}年{month}月" for year, month in months)
        return f"{first}刊登" if first == last else f"{first}至{last}刊登"
    days = (f"{written(start)}起" if start else "", f"到{written(end)}" if end else "")
    return f"{''.join(days).replace('起到', '至')}刊登"


def paper(article: Article) -> str:
    """A newspaper's name without what stands in brackets behind it."""
    return re.sub(r"[（(].*", "", plain(article.paper))


def signed(asked: str, article: Article) -> tuple[str, ...]:
    """The names of the kind asked for: 通讯员, 记者, or both."""
    if only_correspondents(asked):
        return article.correspondents
    both = "作者" in asked or "通讯员" in asked
    return article.reporters + (article.correspondents if both else ())


def only_correspondents(asked: str) -> bool:
    """Whether only 通讯员 are asked for."""
    return "通讯员" in asked and "记者" not in asked and "作者" not in asked
