"""Bibliographic references in the form that Chinese publications print.

GB/T 7714-2015 for an article of a newspaper, 4.4: 张三, 李四. 标题[N]. 报名, 2024-09-18(3).
"""

from __future__ import annotations

import re

from rag.types import Article

AUTHORS = 3
"""Authors that are named; of more, these and 等 (GB/T 7714-2015, 8.1.2)."""

_PAGE = re.compile(r"第?\s*(?:0*([1-9]\d*)|([A-Za-z]\d+))\s*版?")


def reference(article: Article) -> str:
    """The reference to an article in one line; what is not known is left out.

    Reporters come before correspondents. A page is a number there (第3版 is 3); one that is
    told otherwise stands as it is printed.
    """
    day = article.date.isoformat() if article.date else ""
    page = f"({page_number(article.page)})" if article.page.strip() else ""
    source = ", ".join(filter(None, (_line(article.paper), day)))
    whole = (_authors(article), f"{_line(article.title)}[N]", f"{source}{page}")
    return "".join(part if part.endswith(".") else f"{part}. " for part in whole if part).strip()


def page_number(page: str) -> str:
    """The number of a page told as 第3版, 03版 or 3; else what is printed."""
    page = _line(page)
    match = _PAGE.fullmatch(page)
    return (match[1] or match[2]).upper() if match else page


def _authors(article: Article) -> str:
    names = [_line(name) for name in (*article.reporters, *article.correspondents)]
    names = list(dict.fromkeys(filter(None, names)))
    more = ["等"] if len(names) > AUTHORS else []
    return ", ".join(names[:AUTHORS] + more)


def _line(text: str) -> str:
    return " ".join(text.split())
