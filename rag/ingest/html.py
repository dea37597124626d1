"""HTML to a page's lines: headings, paragraphs and captions in reading order.

Nothing is fetched and nothing is run: scripts, styles, forms and navigation are left out.
"""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rag.ingest import forms

_DROPPED = frozenset(
    "script style template noscript nav footer aside form button select iframe object svg math"
    " head menu dialog audio video canvas".split()
)
_DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_BLOCKS = frozenset(
    "address article blockquote body br caption center dd details div dl dt fieldset figcaption"
    " figure h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot"
    " th thead tr ul".split()
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f\xa0]+")
_AUTHOR_CHARS = 40

# What sites call them, the surest first.
_FACTS = {
    "date": ("article:published_time", "publishdate", "pubdate", "dc.date", "date"),
    "paper": ("publication", "contentsource", "source", "dc.source", "og:site_name"),
    "author": ("author", "article:author", "dc.creator"),
}


def read_html(text: str) -> tuple[dict[str, Any], str]:
    """Facts (`title`, `date`, `paper`, `author`, each optional) and lines of a page.

    Headings are marked as in Markdown. What stands in `<article>` or `<main>` is read, where
    there is such a part, else the whole body. Date, paper and author are those of the page's
    head, and are given only where the page shows a single article.
    """
    document = LexborHTMLParser(text)
    writer = _Writer()
    if document.body is not None:
        _walk(document.body, writer)
    title = document.css_first("title")
    facts = {"title": _squash(title.text())} if title is not None else {}
    if len(document.css("article")) < 2 and len(document.css("h1")) < 2:
        facts |= _facts(document)
    return facts, "\n\n".join(writer.inner or writer.lines)


def caption_line(text: str) -> str:
    """A caption in a form that the page parser knows: an arrow, as in print, where it has none."""
    return text if forms.is_caption(text) else f"↑{text}"


def _facts(document: LexborHTMLParser) -> dict[str, str]:
    said: dict[str, str] = {}
    for node in document.css("meta"):
        name = node.attributes.get("property") or node.attributes.get("name") or ""
        said.setdefault(name.lower(), _squash(node.attributes.get("content") or ""))
    facts = {
        fact: next((said[name] for name in names if said.get(name)), "")
        for fact, names in _FACTS.items()
    }
    if "://" in facts["author"] or len(facts["author"]) > _AUTHOR_CHARS:  # an account, a text
        facts["author"] = ""
    time = document.css_first("time[datetime]")
    if not facts["date"] and time is not None:
        facts["date"] = time.attributes.get("datetime") or ""
    facts["date"] = facts["date"].replace("/", "-")
    return {fact: value for fact, value in facts.items() if value}


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Tell the writer of every node, without recursion: pages may be nested without end."""
    stack: list[tuple[LexborNode, bool]] = [(root, True)]
    while stack:
        node, entering = stack.pop()
        tag = node.tag or ""
        if not entering:
            writer.leave(tag)
        elif node.is_text_node:
            writer.text(node.text_content or "")
        elif node.is_element_node and not _dropped(node, tag, writer.inside):
            writer.enter(tag)
            stack.append((node, False))
            stack += [(child, True) for child in reversed(list(node.iter(include_text=True)))]


def _dropped(node: LexborNode, tag: str, inside: int) -> bool:
    if tag in _DROPPED or (tag == "header" and not inside):
        return True
    attributes = node.attributes
    return (
        "hidden" in attributes
        or attributes.get("role") in _DROPPED_ROLES
        or bool(_HIDDEN.search(attributes.get("style") or ""))
    )


class _Writer:
    """Text to lines. inner: the lines within articles or the main part."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.inner: list[str] = []
        self.inside = 0
        self._pending: list[str] = []
        self._marks: list[str] = []

    def enter(self, tag: str) -> None:
        if tag == "br" and self._marks:  # a headline of two lines is one
            self._pending.append("\n")
        elif tag in _BLOCKS:
            self._flush()
        self.inside += tag in ("article", "main")
        if tag in _HEADINGS or tag == "figcaption":
            self._marks.append(_HEADINGS.get(tag, "caption"))

    def leave(self, tag: str) -> None:
        if tag in _BLOCKS and tag != "br":
            self._flush()
        self.inside -= tag in ("article", "main")
        if tag in _HEADINGS or tag == "figcaption":
            self._marks.pop()

    def text(self, text: str) -> None:
        self._pending.append(text)

    def _flush(self) -> None:
        line = _squash("".join(self._pending))
        self._pending.clear()
        if not line:
            return
        mark = self._marks[-1] if self._marks else ""
        line = caption_line(line) if mark == "caption" else f"{mark} {line}" if mark else line
        self.lines.append(line)
        if self.inside:
            self.inner.append(line)


def _squash(text: str) -> str:
    """White space as a browser shows it; a line end between Chinese characters is none."""

    def shown(match: re.Match[str]) -> str:
        around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        return "" if "\n" in match.group() and not any(c.isascii() for c in around) else " "

    return _SPACES.sub(shown, text).strip()
