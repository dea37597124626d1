"""A page's text to articles.

The page is read line by line into blocks (heading, byline, caption, furniture, body), the
blocks are dealt out to articles, and each article's cut paragraphs are mended. No line is ever
thrown away: what belongs to no article is kept as the issue's furniture.
"""

from __future__ import annotations

import re
from datetime import date as Date

from rag.ingest import forms
from rag.ingest.blocks import Block, classify, infer_headings, merge_captions
from rag.ingest.draft import ArticleDraft, Part, finish, return_captions
from rag.types import Article, Issue


def parse_page(
    text: str,
    *,
    issue_id: str,
    source: str = "",
    title: str = "",
    paper: str = "",
    date: Date | None = None,
    page: str = "",
) -> Issue:
    """Read one page of plain text, with or without Markdown headings.

    Never raises, whatever the text. Every character that is not white space or a heading
    mark is kept in some field of the issue.
    """
    blocks = classify(text)
    if not any(block.kind == "heading" for block in blocks):
        infer_headings(blocks)
    reader = _Reader(page)
    reader.read(merge_captions(blocks))
    return_captions(reader.drafts)
    hang = any(b.indented for b in blocks) and any(
        b.kind == "body" and not b.indented for b in blocks
    )
    articles: dict[str, Article] = {}
    for draft in reader.drafts:
        copies = 0
        while (article := finish(draft, issue_id, paper, date, hang, copies)).id in articles:
            copies += 1
        articles[article.id] = article
    return Issue(
        id=issue_id,
        source=source,
        articles=tuple(articles.values()),
        title=title,
        paper=paper,
        date=date,
        page=page,
        furniture=tuple(reader.furniture),
    )


class _Reader:
    """Deals blocks out to articles."""

    def __init__(self, page: str) -> None:
        self.drafts: list[ArticleDraft] = []
        self.furniture: list[str] = []
        self.page = page
        self.column = ""
        self.column_level = 0

    def read(self, blocks: list[Block]) -> None:
        i = 0
        while i < len(blocks):
            block = blocks[i]
            if block.kind == "heading":
                run = [block]
                while i + 1 < len(blocks) and blocks[i + 1].kind == "heading":
                    i += 1
                    run.append(blocks[i])
                self._headings(run, _follows(blocks, i + 1))
            elif block.kind == "furniture" or self._above_page(block, blocks[i + 1 :]):
                self.furniture.append(block.text)
                self.page = forms.page_number(block.text) or self.page
            elif block.kind == "byline":
                self._current().bylines.append(block.text)
            elif block.kind == "caption":
                self._current().captions.append(block.text)
            elif forms.is_deck(block.text) and self.drafts and not self._current().has_body():
                current = self._current()
                current.deck = _lines(current.deck, block.text)
            else:
                self._current().add_body(block)
            i += 1

    def _above_page(self, block: Block, rest: list[Block]) -> bool:
        """Whether a line stands over the whole page: nothing but furniture down to a heading."""
        if self.drafts or block.kind != "body" or not forms.is_nameplate(block.text):
            return False
        return next((b.kind == "heading" for b in rest if b.kind != "furniture"), False)

    def _current(self) -> ArticleDraft:
        if not self.drafts:
            self.drafts.append(ArticleDraft("", 7, page=self.page))
        return self.drafts[-1]

    def _headings(self, run: list[Block], follows: str) -> None:
        """Decide what a run of headings without body between them is."""
        decks = [block for block in run if forms.is_deck(block.text)]
        run = [block for block in run if not forms.is_deck(block.text)]
        if not run:
            self._current().deck = _lines(self._current().deck, *(b.text for b in decks))
            return
        labels, head = run[:-1], run[-1]
        credited = follows in ("byline", "lead")
        if not credited and self.drafts and any(forms.sidebar_label(b.text) for b in run):
            self._sidebar(run)
        elif not credited and labels and self._over_section(labels[-1], head):
            self._over(labels, head, follows)
        elif credited or labels or not self.drafts or self._starts_article(head, follows):
            self._open(labels, head, follows)
        else:
            self._section(head)
        if decks:
            self._current().deck = _lines(self._current().deck, *(b.text for b in decks))

    def _sidebar(self, run: list[Block]) -> None:
        at = next(i for i, block in enumerate(run) if forms.sidebar_label(block.text))
        for block in run[:at]:
            self._section(block)
        headline = "\n".join(block.text for block in run[at + 1 :])
        self._current().parts.append(Part("sidebar", headline, run[at].text))

    def _over_section(self, label: Block, head: Block) -> bool:
        """Whether a heading right above another is a headline or section, not its label."""
        return label.level < head.level and not forms.looks_like_column(label.text)

    def _over(self, labels: list[Block], head: Block, follows: str) -> None:
        upper = labels[-1]
        if self.drafts and upper.level > self._current().level:
            for block in labels:
                self._section(block)
        else:
            self._open(labels[:-1], upper, follows)
        self._section(head)

    def _starts_article(self, head: Block, follows: str) -> bool:
        """Whether a heading over plain body leaves the article above."""
        current = self._current()
        if head.level != current.level or follows == "nothing":
            return head.level < current.level and follows != "nothing"
        if current.in_column:
            return current.credited != "byline"
        return not current.credited

    def _open(self, labels: list[Block], head: Block, follows: str) -> None:
        kickers = [b for b in labels if not _is_column(b, head)]
        columns = [b for b in labels if _is_column(b, head)]
        if columns:
            self.column = " · ".join(block.text for block in columns)
            self.column_level = columns[-1].level
        elif head.level <= self.column_level:
            self.column, self.column_level = "", 0
        self.drafts.append(
            ArticleDraft(
                head.text,
                head.level,
                kicker="\n".join(block.text for block in kickers),
                column=self.column,
                in_column=bool(self.column) and self.column_level < head.level,
                credited="byline" if follows == "byline" else "lead" if follows == "lead" else "",
                page=self.page,
            )
        )

    def _section(self, heading: Block) -> None:
        self._current().parts.append(Part("section", heading.text))


def _is_column(label: Block, head: Block) -> bool:
    if re.match(r"^[【\[〖]|.*[|｜]", label.text):
        return True
    return forms.looks_like_column(label.text) and label.level <= head.level


def _follows(blocks: list[Block], start: int) -> str:
    """What stands under a heading: `byline`, `lead`, `body` or `nothing`."""
    for block in blocks[start:]:
        if block.kind in ("caption", "furniture") or forms.is_deck(block.text):
            continue
        if block.kind == "heading":
            return "nothing"
        if block.kind == "byline":
            return "byline"
        return "lead" if forms.is_lead(block.text) else "body"
    return "nothing"


def _lines(*texts: str) -> str:
    return "\n".join(text for text in texts if text)
