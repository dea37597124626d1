"""The source panel: an article as it stood in the paper, or the list of articles.

The text of an article is written whole and in order: read without the headings set between
its parts, the body gives back `article.text` character for character, and the `<mark>`s
together hold the cited range.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from datetime import date

from rag.answer.reference import reference
from rag.types import Article, Citation, Section
from rag.web.language import CHINESE, words
from rag.web.markup import NOTHING, Attribute, Html, join, tag

LISTED = 40
"""Articles shown in the list; a corpus may hold thousands."""

Span = tuple[int, int]


def printed_date(day: date) -> str:
    """A date as a Chinese paper prints it."""
    return words("{day.year}年{day.month}月{day.day}日", day=day)


def printed_page(page: str) -> str:
    """A page as a Chinese paper names it."""
    return words("第{page}版", page=page) if re.fullmatch(r"[A-Z]?\d+", page) else page


def dateline(article: Article | Citation) -> str:
    """Paper, date and page in one line, as far as they are known."""
    day = printed_date(article.date) if article.date else ""
    parts = (article.paper, day, printed_page(article.page))
    return " · ".join(part for part in parts if part)


def article_view(article: Article, cited: Span | None, visit: str) -> Html:
    """An article with the cited range marked.

    visit: differs at each opening, so that the page scrolls also when the same sentence is
    opened twice. A range outside the text marks nothing.
    """
    head = tag(
        "header",
        _line("p", "column", article.column),
        _line("p", "kicker", article.kicker),
        tag("h2", *_phrases(article.headline or words("（无题）")), tabindex=-1),
        _line("p", "deck", article.deck),
        *(tag("p", line, class_="byline") for line in article.byline.splitlines() if line.strip()),
        _line("p", "dateline", dateline(article)),
    )
    paper = tag("article", head, body(article, cited), class_="paper", lang=CHINESE)
    return _panel(words("原文"), paper, visit, article)


def body(article: Article, cited: Span | None = None) -> Html:
    """The article's text in its parts, with the cited range marked."""
    return tag("div", *_parts(article, cited), class_="body")


def library_view(articles: Sequence[Article], visit: str) -> Html:
    """The newest articles, each a button that opens it."""
    newest = heapq.nsmallest(LISTED, articles, key=_newest_first)
    if not newest:
        empty = words("索引里还没有文章。把报纸文件放进语料文件夹，再运行 rag build。")
        return _panel(words("目录"), tag("p", empty, class_="hint"), visit)
    total = len(articles)
    shown = (
        words("共 {total} 篇", total=total)
        if total <= LISTED
        else words("共 {total} 篇，列出最新的 {listed} 篇", total=total, listed=LISTED)
    )
    items: list[Html] = []
    issue = ""
    for one in newest:
        if one.issue_id != issue:
            issue = one.issue_id
            items.append(tag("li", tag("h3", dateline(one) or issue, lang=CHINESE), class_="issue"))
        items.append(tag("li", _title(one)))
    hint = words("点开回答里的编号，这里会显示原文，并标出所引的句子。")
    return _panel(
        words("目录"),
        join((tag("p", hint, class_="hint"), tag("ul", *items, class_="titles"))),
        visit,
        note=shown,
    )


def opening_view() -> Html:
    """The panel while nothing can be read in it yet."""
    hint = tag("p", words("打开以后，馆藏的文章列在这里。"), class_="hint")
    return _panel(words("目录"), hint, "opening")


def _newest_first(article: Article) -> tuple[int, str]:
    return (-article.date.toordinal() if article.date else 0, article.issue_id)


def _title(article: Article) -> Html:
    label = tag("span", article.column or article.kicker, class_="column")
    name = tag("span", article.headline or article.text[:20] or words("（无题）"), class_="name")
    return tag("button", label, name, type="button", data_open=article.id, lang=CHINESE)


def _panel(
    title: str, content: Html, visit: str, article: Article | None = None, note: str = ""
) -> Html:
    close = tag(
        "button",
        words("关闭"),
        type="button",
        class_="quiet shut",
        data_panel="close",
        aria_label=words("关闭原文"),
    )
    bar = tag(
        "div",
        tag("strong", title),
        _line("span", "note", note),
        tag("div", *(_tools(article) if article else ()), close, class_="tools"),
        class_="bar",
    )
    scroll = tag("div", content, class_="scroll", tabindex=0, role="region", aria_label=title)
    shown = article.id if article else None
    return tag("div", bar, scroll, class_="source", data_visit=visit, data_article=shown)


def _tools(article: Article) -> Iterator[Html]:
    """What can be done with an open article; the steps are for `reading.js` to show."""
    quiet: dict[str, Attribute] = {"type": "button", "class_": "quiet"}
    yield tag(
        "span",
        tag("button", words("上一处"), **quiet, data_step=-1, aria_keyshortcuts="["),
        tag("span", class_="at"),
        tag("button", words("下一处"), **quiet, data_step=1, aria_keyshortcuts="]"),
        class_="citation-steps",
        role="group",
        aria_label=words("回答中的引文"),
        hidden=True,
    )
    yield tag(
        "button", words("复制引用"), **quiet, data_copy=reference(article), title=reference(article)
    )
    yield tag("button", words("目录"), **quiet, data_panel="library")


def _phrases(headline: str) -> Iterator[Html]:
    """A headline in parts that the style sheet breaks between rather than within."""
    for phrase in re.findall(r"[^：；，。！？ ]*[：；，。！？ ]*", headline):
        if phrase:
            yield tag("span", phrase)


def _line(name: str, class_: str, text: str) -> Html:
    return tag(name, text, class_=class_) if text else NOTHING


def _parts(article: Article, cited: Span | None) -> Iterator[Html]:
    """The opening body, then each section in its frame; nothing is said twice or left out."""
    text, at = article.text, 0
    for section in sorted(article.sections, key=lambda section: section.start):
        start, end = max(at, section.start), min(section.end, len(text))
        if start >= end:
            continue
        yield _paragraphs(text, (at, start), cited)
        yield _framed(section, _paragraphs(text, (start, end), cited))
        at = end
    yield _paragraphs(text, (at, len(text)), cited)


def _framed(section: Section, content: Html) -> Html:
    if section.kind == "caption":
        return tag("figure", tag("figcaption", content), class_="caption")
    # data-heading: words that are printed but are no part of the article's text
    heading = tag("h3", section.heading, data_heading=True) if section.heading else NOTHING
    if section.kind == "section":
        return tag("section", heading, content)
    label = tag("p", section.label, class_="label", data_heading=True) if section.label else NOTHING
    return tag("aside", label, heading, content, class_="sidebar")


def _paragraphs(text: str, span: Span, cited: Span | None) -> Html:
    """A paragraph for each line; the newlines between them are kept."""
    start, end = span
    if start >= end:
        return NOTHING
    parts: list[Html] = []
    for line in text[start:end].split("\n"):
        if parts:
            parts.append(Html("\n"))
        stop = start + len(line)
        parts.append(tag("p", *_marked(text, start, stop, cited)) if line else NOTHING)
        start = stop + 1
    return join(parts)


def _marked(text: str, start: int, end: int, cited: Span | None) -> Iterator[str]:
    """`text[start:end]` with what of the cited range stands in it marked."""
    first, last = cited or (start, start)
    first, last = max(start, min(first, end)), max(start, min(last, end))
    if first >= last:
        yield text[start:end]
        return
    yield text[start:first]
    yield tag("mark", text[first:last])
    yield text[last:end]
