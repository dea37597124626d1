"""An article while its page is being read, and the `Article` that it becomes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Literal

from rag.ingest import forms
from rag.ingest.blocks import Block, mend
from rag.types import Article, Section, SectionKind

_QUOTED = re.compile(r"[“《][^“”《》]{2,20}[”》]")


@dataclass(slots=True)
class Part:
    """Blocks of one kind under one heading. label: the words above a sidebar."""

    kind: Literal["body", "section", "sidebar"]
    heading: str = ""
    label: str = ""
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class ArticleDraft:
    """An article while it is being read.

    level: of its headline, 1 to 6, 7 where it has none. credited: how we know that it is an
    article. anchored: how many of its captions have body behind them.
    """

    headline: str
    level: int
    kicker: str = ""
    deck: str = ""
    column: str = ""
    in_column: bool = False
    credited: Literal["", "byline", "lead"] = ""
    bylines: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=lambda: [Part("body")])
    captions: list[str] = field(default_factory=list)
    anchored: int = 0
    page: str = ""

    def add_body(self, block: Block) -> None:
        """Put a block under the last heading."""
        self.parts[-1].blocks.append(block)
        self.anchored = len(self.captions)

    def has_body(self) -> bool:
        """Whether any body stands under any heading."""
        return any(part.blocks for part in self.parts)


def return_captions(drafts: list[ArticleDraft]) -> None:
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


def finish(
    draft: ArticleDraft, issue_id: str, paper: str, date: Date | None, hang: bool, copies: int
) -> Article:
    """The article of a draft.

    hang: as for `mend`. copies: how many articles of the issue are printed just like it.
    """
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
