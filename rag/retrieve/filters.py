"""Filters as people give them: read from text, held against what the index holds.

The same names serve the flags of the command line, the API and lines of a batch:
`from`, `to`, `paper`, `column`, `reporter`, `issue`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from rag.errors import QuestionError
from rag.index.facets import PRINTED
from rag.types import Filters

NAMES = ("from", "to", "paper", "column", "reporter", "issue")
NEAREST, LIKENESS = 3, 0.3
"""How many values are named in place of one that does not exist, and how alike they must be."""
SHOWN = 60
"""Characters of a value that a message shows."""

Counts = Mapping[str, Counter[str]]
"""How many articles have each value, by the filter's name: `Facets.counts`."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that no article has. nearest: values that some have, the likeliest first."""

    name: str
    value: str
    nearest: tuple[str, ...]


def read_filters(given: object) -> Filters:
    """Filters from a mapping of names to text; None and empty text count as not given.

    A date is YYYY-MM-DD, or YYYY-MM or YYYY for all days of it. Raises QuestionError.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise QuestionError(f"filters is {type(given).__name__}; give an object of {_names()}")
    unknown = [name for name in given if name not in NAMES]
    if unknown:
        raise QuestionError(f"unknown filter {_quoted(str(unknown[0]))}; use {_names()}")
    texts: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, str | None):
            raise QuestionError(f"filter {name} is {type(value).__name__}; give text")
        texts[name] = (value or "").strip()
    since, until = _day(texts, "from", last=False), _day(texts, "to", last=True)
    if since and until and since > until:
        raise QuestionError(f"from {since} is later than to {until}; swap them")
    return Filters(since, until, *(texts.get(name, "") for name in PRINTED))


def missing(filters: Filters, held: Counts) -> Missing | None:
    """The first value of `filters` that no article has."""
    for name in PRINTED:
        value: str = getattr(filters, name)
        if value and value not in held[name]:
            alike = get_close_matches(value, held[name], NEAREST, LIKENESS)
            common = [known for known, _ in held[name].most_common(NEAREST)]
            return Missing(name, value, tuple(alike or common))
    return None


def check_filters(filters: Filters, held: Counts) -> None:
    """Raise QuestionError, with the nearest values there are, for one that no article has."""
    lost = missing(filters, held)
    if lost is None:
        return
    told = f"no {lost.name} {_quoted(lost.value)} in the index"
    if not lost.nearest:
        raise QuestionError(f"{told}; none of its articles names one, leave {lost.name} out")
    raise QuestionError(f"{told}; nearest: {', '.join(map(shortened, lost.nearest))}")


def shortened(value: str) -> str:
    """A value on one line, cut where it is long."""
    value = " ".join(value.split())
    return value if len(value) <= SHOWN else f"{value[: SHOWN - 1]}…"


def _day(texts: Mapping[str, str], name: str, last: bool) -> date | None:
    text = texts.get(name, "")
    if not text:
        return None
    found = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text, re.ASCII)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else None for part in found.groups())
        year, month = year or 0, month or (12 if last else 1)
        return date(year, month, day or (monthrange(year, month)[1] if last else 1))
    except ValueError:
        raise QuestionError(
            f"{name} {_quoted(text)} is no date; write YYYY-MM-DD, YYYY-MM or YYYY"
        ) from None


def _names() -> str:
    return ", ".join(NAMES)


def _quoted(value: str) -> str:
    return f'"{shortened(value)}"'
