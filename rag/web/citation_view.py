"""Citations of an answer: its markers, the list of sources, and the cards with the quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rag.types import Citation
from rag.web.article_view import dateline, printed_date
from rag.web.language import CHINESE, words
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.verified import verified

Known = Mapping[str, Citation]

_MARKER = re.compile(r"\[\d+\]")


def cited(
    text: str, citations: Sequence[Citation], turn: int, recorded: bool = False
) -> Iterator[Html]:
    """Paragraphs of an answer, with each marker that has a citation made a button.

    Behind each sentence that has one stands the mark that it was verified. turn: the number of
    the question, by which its cards are found. recorded: see `verified`.
    """
    known = {citation.marker: citation for citation in citations}
    if not known:
        yield from (tag("p", line) for line in text.split("\n"))
        return
    marker = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    kept = _kept(marker)
    for line in text.split("\n"):
        before, parts = "", []
        for place, part in enumerate(kept.split(line)):
            if place % 2 == 0:
                before = part
                parts.append(part)
                continue
            quotes = [known[one].quote for one in re.findall(marker, part)]
            mark = verified(before + re.split(marker, part)[0], quotes, recorded)
            if recorded and part.endswith("；"):  # a list: one sentence, marked at its end
                mark = NOTHING
            buttons = _with_buttons(part, marker, known, turn)
            parts.append(tag("span", *buttons, mark, class_="kept"))
        yield tag("p", *parts)


def drafted(text: str, over: bool) -> Iterator[Html]:
    """Paragraphs of an answer on its way: what will stand behind a sentence has its room already.

    over: nothing more will come, so that the markers will never lead anywhere.
    """
    kept = _kept(_MARKER.pattern)
    for line in (_MARKER.sub("", text) if over else text).split("\n"):
        pieces = enumerate(kept.split(line))
        yield tag("p", *(_with_room(piece) if place % 2 else piece for place, piece in pieces))


def sources(citations: Sequence[Citation], turn: int) -> Html:
    """The articles cited, each once, with the numbers that cite it."""
    if not citations:
        return NOTHING
    articles: dict[str, list[Citation]] = {}
    for citation in citations:
        articles.setdefault(citation.article_id, []).append(citation)
    items = []
    for group in articles.values():
        first = group[0]
        day = printed_date(first.date) if first.date else ""
        items.append(
            tag(
                "li",
                tag("span", *(_marker(one, turn) for one in group), class_="numbers"),
                tag(
                    "button",
                    tag("span", first.headline, class_="headline", lang=CHINESE),
                    tag("span", day, class_="date"),
                    type="button",
                    class_="title",
                    **_place(first),
                ),
            )
        )
    return tag("ul", *items, class_="sources", aria_label=words("来源"))


def cards(citations: Sequence[Citation], turn: int) -> Html:
    """For each citation a card that `card.js` shows beside its marker; closed until then.

    It also describes the marker to a screen reader, which reads what is hidden.
    """
    return join(_card(citation, turn) for citation in citations)


def _card(citation: Citation, turn: int) -> Html:
    byline = "　".join(line.strip() for line in citation.byline.splitlines() if line.strip())
    return tag(
        "div",
        tag("blockquote", citation.quote),
        tag("p", citation.headline, class_="headline"),
        tag("p", printed, class_="dateline") if (printed := dateline(citation)) else NOTHING,
        tag("p", byline, class_="byline") if byline else NOTHING,
        class_="card",
        id=_card_id(citation, turn),
        role="tooltip",
        popover="manual",
        lang=CHINESE,
    )


def _card_id(citation: Citation, turn: int) -> str:
    return f"card-{turn}-{_number(citation)}"


def _number(citation: Citation) -> str:
    return citation.marker.strip("[]")


def _kept(marker: str) -> re.Pattern[str]:
    """Markers on the line of the character that they follow, with what closes after them."""
    return re.compile(f"(.?(?:{marker})+[。，、；：！？”’）》]*)")


def _with_room(part: str) -> Html:
    pieces = (
        tag("span", piece.strip("[]"), class_="cite") if _MARKER.fullmatch(piece) else piece
        for piece in re.split(f"({_MARKER.pattern})", part)
    )
    return tag("span", *pieces, tag("span", class_="verified"), class_="kept")


def _with_buttons(text: str, marker: str, known: Known, turn: int) -> Iterator[str]:
    for piece in re.split(f"({marker})", text):
        yield _marker(known[piece], turn) if piece in known else piece


def _marker(citation: Citation, turn: int) -> Html:
    number = _number(citation)
    return tag(
        "button",
        number,
        type="button",
        class_="cite",
        aria_label=words("来源 {number}：{headline}", number=number, headline=citation.headline),
        aria_describedby=_card_id(citation, turn),
        **_place(citation),
    )


def _place(citation: Citation) -> dict[str, str | int]:
    return {
        "data_cite": citation.article_id,
        "data_start": citation.start,
        "data_end": citation.end,
    }
