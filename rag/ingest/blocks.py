"""A page's lines as blocks: what each line is by its form, and which belong together.

Headings that a page does not mark are inferred; captions are joined with their credits; cut
paragraphs are mended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.ingest import forms

BlockKind = Literal["heading", "byline", "caption", "furniture", "body"]

_HEADING = re.compile(r"^(#{1,6})\s*([^#\s].*)$")
_LIST_ITEM = re.compile(r"^(?:[(（]?[一二三四五六七八九十\d]{1,3}[)）、.．]|[•·▪-]\s)")
_HEADLINE_CHARS = 40
_CROSSHEAD_CHARS = 20


@dataclass(slots=True)
class Block:
    """One printed line, or a caption of several. level: 1 to 6 for a heading, else 0."""

    kind: BlockKind
    text: str
    level: int = 0
    indented: bool = False
    gap: bool = True


def classify(text: str) -> list[Block]:
    """Lines to blocks by their form alone; blank lines are remembered as `gap`."""
    blocks: list[Block] = []
    gap = True
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            gap = True
            continue
        heading = _HEADING.match(line)
        if heading:
            blocks.append(Block("heading", heading.group(2).strip(), len(heading.group(1))))
        else:
            indented = raw.startswith(("\u3000\u3000", "    ", "\t"))
            blocks.append(Block(_kind(line), line, 0, indented, gap))
        gap = False
    return blocks


def _kind(line: str) -> BlockKind:
    if forms.is_furniture(line):
        return "furniture"
    if forms.is_caption(line):
        return "caption"
    if forms.is_byline(line):
        return "byline"
    return "body"


def infer_headings(blocks: list[Block]) -> None:
    """Find the headings of a page that marks none: short lines that stand alone.

    A line over a byline or an agency lead is a headline (level 1), and so is a short line just
    above that one; another short line between two blank ones is a crosshead (level 2).
    """
    before: Block | None = None
    befores = []
    for block in blocks:
        befores.append(before)
        before = block if block.kind in ("body", "byline") else before
    # From the end: a line is a headline also for the headline that it stands above. What stands
    # before a line is looked up as it was.
    for i in range(len(blocks) - 1, -1, -1):
        block, after, before = blocks[i], blocks[i + 1 : i + 2], befores[i]
        if block.kind != "body" or block.indented or not after or not _short(block.text):
            continue
        whole_before = before is None or before.kind == "byline" or _closed(before.text)
        titled = after[0].kind == "byline" or forms.is_lead(after[0].text)
        over_headline = after[0].kind == "heading" and after[0].level == 1
        if (titled or over_headline or (not before and after[0].gap)) and whole_before:
            block.kind, block.level = "heading", 1
        elif block.gap and after[0].gap and whole_before and len(block.text) <= _CROSSHEAD_CHARS:
            block.kind, block.level = "heading", 2


def _short(text: str) -> bool:
    return len(text) <= _HEADLINE_CHARS and text[-1] not in "。，、：；,:;…"


def _closed(text: str) -> bool:
    return forms.ends_complete(text)


def merge_captions(blocks: list[Block]) -> list[Block]:
    """Join a caption with its photographer's credit and with its own second half."""
    merged: list[Block] = []
    for block in blocks:
        last = merged[-1] if merged else None
        if last is not None and last.kind == "caption" and _continues_caption(last, block):
            last.text = _glue(last.text, block.text)
        else:
            merged.append(block)
    return merged


def _continues_caption(caption: Block, block: Block) -> bool:
    if block.kind == "caption":
        return forms.is_credit(block.text) and not forms.ends_with_credit(caption.text)
    if block.kind != "body" or forms.ends_with_credit(caption.text) or _closed(caption.text):
        return False
    return not block.gap or (len(block.text) <= 80 and forms.ends_with_credit(block.text))


def _glue(left: str, right: str) -> str:
    """Join two halves of a paragraph; Latin words keep the space that the line end was."""
    spaced = left[-1:].isascii() and left[-1:].isalpha() and right[:1].isascii()
    return f"{left} {right}" if spaced and right[:1].isalpha() else left + right


def mend(blocks: list[Block], hang: bool) -> list[str]:
    """Body lines to paragraphs.

    hang: the page marks paragraphs by indenting their first line, so an indented line always
    begins one and an unindented line right below another never does.
    """
    paragraphs: list[str] = []
    for block in blocks:
        if paragraphs and _joins(paragraphs[-1], block, hang):
            paragraphs[-1] = _glue(paragraphs[-1], block.text)
        else:
            paragraphs.append(block.text)
    return paragraphs


def _joins(before: str, block: Block, hang: bool) -> bool:
    if forms.starts_inside(block.text):
        return True
    if hang and (block.indented or not block.gap):
        return not block.indented
    if _LIST_ITEM.match(block.text):
        return before[-1:].isdigit()
    return not forms.ends_complete(before)
