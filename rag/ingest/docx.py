"""Word documents (.docx) to a page's lines, paragraph by paragraph.

A .docx is a zip of XML. Only the text is read: no macro, no link, no embedded object.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse

from rag.ingest.archive import open_archive, read_member
from rag.ingest.html import caption_line

_OLE = b"\xd0\xcf\x11\xe0"
_HEADING = re.compile(r"(?:heading|标题)\s*([1-6])", re.IGNORECASE)
_TITLE = re.compile(r"title|标题", re.IGNORECASE)
_CAPTION = re.compile(r"caption|题注", re.IGNORECASE)
# What was moved away, and what only older programs show beside the same text.
_SKIPPED = frozenset({"moveFrom", "del", "Fallback"})
_NO_DOCUMENT = "no Word document in it; save it as .docx again"


@dataclass(slots=True)
class _Paragraph:
    """One paragraph. level: 1 to 6 for a heading, 0 for the document's title, else None."""

    pieces: list[str] = field(default_factory=list)
    style: str = ""
    level: int | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class _Style:
    level: int | None = None
    caption: bool = False


@dataclass(slots=True)
class _Styles:
    """Styles by their id, which is what paragraphs name."""

    named: dict[str, _Style] = field(default_factory=dict)

    def of(self, paragraph: _Paragraph) -> _Style:
        style = self.named.get(paragraph.style, _Style())
        return style if paragraph.level is None else _Style(paragraph.level)


def read_docx(data: bytes) -> tuple[dict[str, Any], str]:
    """Facts (`title`) and lines of a document; headings are marked as in Markdown.

    Raises ValueError with the reason and the remedy.
    """
    if data.startswith(_OLE):
        raise ValueError("encrypted, or an old .doc; save it as .docx without a password")
    archive = open_archive(data)
    main = _main_part(archive)
    styles = _styles(archive, posixpath.join(posixpath.dirname(main), "styles.xml"))
    paragraphs = [p for p in _paragraphs(_part(archive, main)) if p.text.strip()]
    levels = [styles.of(paragraph).level for paragraph in paragraphs]
    titles = [p.text for p, level in zip(paragraphs, levels, strict=True) if level == 0]
    lines: list[str] = []
    for paragraph, level in zip(paragraphs, levels, strict=True):
        text = " ".join(paragraph.text.split("\n")) if level is not None else paragraph.text
        if level or (level == 0 and 1 not in levels):  # a title over headlines is the page's
            lines.append(f"{'#' * (level or 1)} {text}")
        elif styles.of(paragraph).caption:
            lines.append(caption_line(text))
        else:
            lines += text.split("\n")
    return ({"title": titles[0]} if titles else {}), "\n\n".join(lines)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return read_member(archive, archive.getinfo(name))
    except KeyError as error:
        raise ValueError(_NO_DOCUMENT) from error


def _events(data: bytes) -> Iterator[tuple[str, str, Element]]:
    """`start` or `end`, the name without its namespace, and the element.

    A document type, which Word never writes, is refused: entities could grow without end.
    """
    try:
        for event, element in iterparse(io.BytesIO(data), ("start", "end"), forbid_dtd=True):
            yield event, element.tag.rpartition("}")[2], element
    except (ParseError, ValueError, LookupError) as error:
        raise ValueError("the document is damaged; save it as .docx again") from error


def _main_part(archive: zipfile.ZipFile) -> str:
    for _event, tag, element in _events(_part(archive, "_rels/.rels")):
        if tag == "Relationship" and element.get("Type", "").endswith("/officeDocument"):
            return element.get("Target", "").lstrip("/")
    raise ValueError(_NO_DOCUMENT)


def _value(element: Element) -> str:
    """The attribute `val`, whatever its namespace."""
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == "val"), "")


def _outline(element: Element) -> int | None:
    value = _value(element)
    return int(value) + 1 if value in ("0", "1", "2", "3", "4", "5") else None


def _styles(archive: zipfile.ZipFile, name: str) -> _Styles:
    """Which styles are headings or captions, by their names or outline levels."""
    styles = _Styles()
    if name not in archive.namelist():
        return styles
    for event, tag, style in _events(_part(archive, name)):
        if event != "end" or tag != "style":
            continue
        name, level = "", None
        for element in style.iter():
            part = element.tag.rpartition("}")[2]
            name = _value(element) if part == "name" else name
            level = _outline(element) if part == "outlineLvl" else level
        heading = _HEADING.fullmatch(name)
        level = int(heading.group(1)) if heading else level
        level = 0 if _TITLE.fullmatch(name) else level
        key = next((v for k, v in style.attrib.items() if k.endswith("styleId")), "")
        styles.named[key] = _Style(level, bool(_CAPTION.fullmatch(name)))
    return styles


def _paragraphs(data: bytes) -> Iterator[_Paragraph]:
    """Paragraphs in reading order; those of a table's cells and of a text box too."""
    open_paragraphs: list[_Paragraph] = []
    skipped = 0
    for event, tag, element in _events(data):
        start = event == "start"
        if tag in _SKIPPED:
            skipped += 1 if start else -1
        elif skipped:
            continue
        elif tag == "p" and start:
            open_paragraphs.append(_Paragraph())
        elif not open_paragraphs:
            continue
        elif tag == "p":
            element.clear()
            yield open_paragraphs.pop()
        elif start and tag == "pStyle":
            open_paragraphs[-1].style = _value(element)
        elif start and tag == "outlineLvl":
            open_paragraphs[-1].level = _outline(element)
        elif not start:
            open_paragraphs[-1].pieces.append(_text(tag, element))


def _text(tag: str, element: Element) -> str:
    if tag == "t":
        return element.text or ""
    return {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}.get(tag, "")
