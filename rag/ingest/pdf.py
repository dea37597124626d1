"""PDF pages with a text layer to a page's lines, by PDFium; nothing is rendered, run or fetched."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from rag.ingest.columns import Fragment
from rag.ingest.layout import body_size, heading_sizes, indented, page_lines

MAX_PAGES = 500
MAX_CHARACTERS = 2_000_000
_MAX_NAMELESS = 0.3
_PDFIUM = threading.Lock()  # PDFium is not made for threads


def read_pdf(data: bytes) -> tuple[dict[str, Any], str]:
    """No facts, and the lines of all pages in reading order.

    Lines in larger characters than the body's are marked as headings, as in Markdown. Raises
    ValueError with the reason and the remedy.
    """
    with _PDFIUM:
        pages = _pages(data)
    characters = [c for page in pages for c in page]
    printed = [c.text for c in characters if not c.text.isspace()]
    if not printed:
        raise ValueError("no text layer; run OCR first")
    if sum(map(_nameless, printed)) > _MAX_NAMELESS * len(printed):
        raise ValueError("its fonts do not say which characters they show; run OCR first")
    body = body_size(characters)
    larger = heading_sizes(characters, body)
    lines = [line for page in pages for line in page_lines(page, body, larger)]
    return {}, "\n".join(indented(lines))


def _pages(data: bytes) -> list[list[Fragment]]:
    damaged = "the PDF is damaged; save it anew"
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise ValueError("encrypted; save it without a password") from error
        raise ValueError(damaged) from error
    try:
        if pdfium.FPDF_GetSecurityHandlerRevision(document.raw) != -1:
            raise ValueError("encrypted; save it without protection")
        if len(document) > MAX_PAGES:
            raise ValueError(f"more than {MAX_PAGES} pages; split it")
        pages: list[list[Fragment]] = []
        left = MAX_CHARACTERS
        for number in range(len(document)):
            pages.append(_characters(document, number, left))
            left -= len(pages[-1])
        return pages
    except pypdfium2.PdfiumError as error:
        raise ValueError(damaged) from error
    finally:
        document.close()


def _characters(document: pypdfium2.PdfDocument, number: int, most: int) -> list[Fragment]:
    page = document[number]
    text = page.get_textpage()
    try:
        count = text.count_chars()
        if count > most:
            raise ValueError(f"more than {MAX_CHARACTERS} characters; split it")
        return list(_upright(text, count))
    finally:
        text.close()
        page.close()


def _upright(textpage: pypdfium2.PdfTextPage, count: int) -> Iterator[Fragment]:
    """A page's characters, without those on a slant (watermarks).

    A space that PDFium infers between words has no width, so that no gutter is closed by it.
    """
    last: Fragment | None = None
    spaced = False
    for i in range(count):
        code = pdfium.FPDFText_GetUnicode(textpage.raw, i)
        if pdfium.FPDFText_IsGenerated(textpage.raw, i) == 1 or code < 0x20:
            spaced = code == 0x20
            continue
        here = _fragment(textpage, i, code)
        if here and last and spaced and abs(here.y - last.y) < 0.1 * last.size:
            yield Fragment(" ", last.x1, last.x1, last.y, last.size)
        if here:
            yield here
        last, spaced = here, False


def _fragment(textpage: pypdfium2.PdfTextPage, i: int, code: int) -> Fragment | None:
    """One character, if it stands upright at a place that is known."""
    text = textpage.raw
    x, y = ctypes.c_double(), ctypes.c_double()
    box, matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    known = (
        pdfium.FPDFText_GetCharOrigin(text, i, x, y)
        and pdfium.FPDFText_GetLooseCharBox(text, i, box)
        and pdfium.FPDFText_GetMatrix(text, i, matrix)
    )
    size = round(pdfium.FPDFText_GetFontSize(text, i) * math.hypot(matrix.c, matrix.d), 1)
    places = (x.value, y.value, box.left, box.right, size)
    upright = abs(matrix.b) <= 0.1 * abs(matrix.a)
    if not known or not upright or not all(map(math.isfinite, places)) or size <= 0:
        return None
    shown = chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"
    return Fragment(shown, box.left, box.right, y.value, size)


def _nameless(character: str) -> bool:
    """Whether a character stands for one that its font does not name."""
    return "\ue000" <= character <= "\uf8ff" or character in "\ufffd\ufffe\uffff"
