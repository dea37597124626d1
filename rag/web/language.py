"""The languages of the page: Chinese, in which the code says things, and English.

What is said in Chinese is its own key: `words("停止")` is 停止, or what `english.json` has for it
where the visitor reads English. Gradio's i18n gets the same words: it puts its own parts, and
what stands on the page from the start, into the language; what a handler draws is put into it
here. What comes out of the corpus, or is written for an answer, stays in Chinese.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal

import gradio as gr
from gradio.context import LocalContext
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

Language = Literal["zh-CN", "en"]
CHINESE: Language = "zh-CN"
ENGLISH: Language = "en"
NAMES: Mapping[Language, str] = {CHINESE: "中文", ENGLISH: "English"}
COOKIE = "rag-language"
"""What the visitor chose in the settings; `settings.js` writes it."""

_spoken: ContextVar[Language | None] = ContextVar("language", default=None)


def words(said: str, /, **values: object) -> str:
    """What is said, in the language of the moment, with its `{}` filled in.

    In English the form for one is taken where a value is 1, see `english.json`.
    """
    if language() == ENGLISH:
        found = _english().get(said, said)
        said = found if isinstance(found, str) else found[0 if 1 in values.values() else 1]
    return said.format(**values) if values else said


def marked(said: str) -> str:
    """The same for a part of Gradio's own, whose i18n puts it into the language in the browser."""
    return str(gr.I18n()(said))


def composed(said: str) -> str:
    """The same for a text whose `{}` were filled in elsewhere, such as why a sentence was dropped.

    The text itself where it is not known.
    """
    if language() == CHINESE or said in _english():
        return words(said)
    for form, key in _forms():
        if match := form.fullmatch(said):
            return words(key, **match.groupdict())
    return said


def language() -> Language:
    """The language of the visitor whose event is handled; Chinese where there is none."""
    if (chosen := _spoken.get()) is not None:
        return chosen
    request = LocalContext.request.get(None)  # Gradio sets it around each call of a handler
    return preferred(request.headers) if request is not None else CHINESE


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Everything within is said in a language."""
    before = _spoken.set(chosen)
    try:
        yield
    finally:
        _spoken.reset(before)


def preferred(headers: Mapping[str, Any]) -> Language:
    """The language for a request: as chosen, else the first of the browser's that there is."""
    return _preferred(*(str(headers.get(name) or "") for name in ("cookie", "accept-language")))


@lru_cache(maxsize=256)
def _preferred(cookie: str, accepted: str) -> Language:
    chosen = cookie_parser(cookie).get(COOKIE)
    for one in NAMES:
        if chosen == one:
            return one
    for wanted in _by_weight(accepted):
        for one in NAMES:
            if wanted.split("-")[0] == one.split("-")[0]:
                return one
    return CHINESE


def of_scope(scope: Mapping[str, Any]) -> Language:
    """The language for an ASGI request."""
    return preferred(Headers(raw=scope["headers"]))


def translations() -> dict[Language, dict[str, str]]:
    """The words as Gradio's i18n takes them: without it every key would be taken for English."""
    english = {}
    for key, said in _english().items():
        if isinstance(said, str):
            english[key] = said
        else:
            english[f"{key}\n1"], english[key] = said  # `words.js` looks for the form for one there
    return {CHINESE: {key: key for key in _english()}, ENGLISH: english}


def _by_weight(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    weighed = []
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        number = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        weighed.append((float(number[1]) if number else 1.0, name.strip()))
    return [name for weight, name in sorted(weighed, key=lambda one: -one[0]) if weight]


@cache
def _english() -> Mapping[str, str | list[str]]:
    """Chinese to English; two forms, for one and for more, where they differ."""
    text = (resources.files("rag.web") / "english.json").read_text("utf-8")
    known: dict[str, str | list[str]] = json.loads(text)
    return known


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Keys with names in them as patterns, those with the most text of their own first."""
    keys = sorted((key for key in _english() if "{" in key), key=lambda key: -_own(key))
    return [(re.compile(_pattern(key), re.DOTALL), key) for key in keys if _own(key)]


def _own(key: str) -> int:
    return len(re.sub(r"\{.*?\}", "", key))


def _pattern(key: str) -> str:
    """A key as a pattern. What fills a hole does not hold what follows the hole: a text that was
    made to be tried in many ways is not.
    """
    *parts, last = re.split(r"\{(\w+)\}", key)
    made = ""
    for own, name, follows in zip(parts[::2], parts[1::2], (*parts[2::2], last), strict=False):
        within = rf"(?:(?!{re.escape(follows)}).)+" if follows else ".+"
        made += f"{re.escape(own)}(?P<{name}>{within})"
    return made + re.escape(last)
