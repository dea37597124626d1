"""A page's text to articles.

The page is read line by line into blocks (heading, byline, caption, furniture, body), the
blocks are dealt out to articles, and each article's cut paragraphs are mended. No line is ever
thrown away: what belongs to no article is kept as the issue's furniture.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Literal

from rag.ingest import forms
from rag.ingest.blocks import Block, classify, infer_headings, mend, merge_captions
from rag.types import Article, Issue, Section, SectionKind

_QUOTED = re.compile(r"[“《][^“”《》]{2,20}[”》]")


@dataclass(slots=True)
class _Part:
    kind: Literal["body", "section", "sidebar"]
    heading: str = ""
    label: str = ""
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """An article while it is being read. credited: how we know that it is an article."""

    headline: str
    level: int
    kicker: str = ""
    deck: str = ""
    column: str = ""
    in_column: bool = False
    credited: Literal["", "byline", "lead"] = ""
    bylines: list[str] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=lambda: [_Part("body")])
    captions: list[str] = field(default_factory=list)
    anchored: int = 0
    page: str = ""

    def add_body(self, block: Block) -> None:
        self.parts[-1].blocks.append(block)
        self.anchored = len(self.captions)

    def has_body(self) -> bool:
        return any(part.blocks for part in self.parts)


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
    _return_captions(reader.drafts)
    hang = any(b.indented for b in blocks) and any(
        b.kind == "body" and not b.indented for b in blocks
    )
    articles: dict[str, Article] = {}
    for draft in reader.drafts:
        copies = 0
        while (article := _build(draft, issue_id, paper, date, hang, copies)).id in articles:
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
        self.drafts: list[_Draft] = []
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

    def _current(self) -> _Draft:
        if not self.drafts:
            self.drafts.append(_Draft("", 7, page=self.page))
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
        self._current().parts.append(_Part("sidebar", headline, run[at].text))

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
            _Draft(
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
        self._current().parts.append(_Part("section", heading.text))


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


def _return_captions(drafts: list[_Draft]) -> None:
    """Give captions that landed behind an article's end to the article that they name."""
    if len(drafts) < 2:
        return
    bodies = [
        "".join(block.text for part in draft.parts for block in part.blocks) for draft in drafts
    ]
    for draft in drafts:
        for caption in draft.captions[draft.anchored :]:
            scores = [
                2 * _shared(caption, other.headline)
                + _shared(caption, body)
                + 6 * sum(name in body for name in _QUOTED.findall(caption))
                for other, body in zip(drafts, bodies, strict=True)
            ]
            best = drafts[scores.index(max(scores))]
            own = scores[drafts.index(draft)]
            if best is not draft and max(scores) > own and max(scores) >= 8:
                draft.captions.remove(caption)
                best.captions.append(caption)


def _shared(caption: str, text: str) -> int:
    """Length of the longest run of characters that a caption shares with a text."""
    longest = 0
    for start in range(len(caption)):
        while caption[start : start + longest + 1] in text and start + longest < len(caption):
            longest += 1
    return longest


def _build(
    draft: _Draft, issue_id: str, paper: str, date: Date | None, hang: bool, copies: int
) -> Article:
    texts: list[str] = []
    sections: list[Section] = []
    length = 0

    def put(paragraphs: list[str], kind: SectionKind | None, heading: str, label: str) -> None:
        nonlocal length
        start = length + 1 if texts else 0
        if paragraphs:
            texts.append("\n".join(paragraphs))
            length = start + len(texts[-1])
        else:
            start = length
        if kind:
            sections.append(Section(kind, heading, start, length, label))

    for part in sorted(draft.parts, key=lambda part: part.kind == "sidebar"):
        kind: SectionKind | None = None if part.kind == "body" else part.kind
        put(mend(part.blocks, hang), kind, part.heading, part.label)
    for caption in draft.captions:
        put([caption], "caption", "", "")

    text = "\n".join(texts)
    byline = "\n".join(draft.bylines)
    credits = (
        forms.byline_credits(byline) if byline else forms.body_credits(_opening(text, sections))
    )
    identity = [issue_id, copies, draft.headline, draft.kicker, draft.deck, draft.column, byline]
    identity += [text, [(s.kind, s.heading, s.start, s.end, s.label) for s in sections]]
    digest = hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode("utf-8", "replace"))
    return Article(
        id=digest.hexdigest()[:16],
        issue_id=issue_id,
        headline=draft.headline,
        text=text,
        kicker=draft.kicker,
        deck=draft.deck,
        column=draft.column,
        byline=byline,
        reporters=credits.reporters,
        correspondents=credits.correspondents,
        sections=tuple(sections),
        paper=paper,
        date=date,
        page=draft.page,
    )


def _opening(text: str, sections: list[Section]) -> str:
    """Body without sidebars and captions, where an agency credit may stand."""
    ends = [s.start for s in sections if s.kind != "section"]
    return text[: min(ends)].rstrip() if ends else text
