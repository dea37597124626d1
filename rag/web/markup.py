"""Markup that cannot be forgotten to be escaped.

`Html` is text that may be sent to the browser as it is; every other string is data. `tag`
escapes data wherever it stands, in content and in attributes, so nothing else in this package
calls `html.escape`. The names of tags and attributes are constants of the caller.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

Attribute = str | int | bool | None


class Html(str):
    """Escaped already: sent as it is."""

    __slots__ = ()


NOTHING = Html("")


def tag(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """An element with its children; a child that is not `Html` is escaped.

    An attribute's trailing underscore is dropped and others become hyphens (`class_`,
    `data_start`). True stands for a bare attribute; None and False leave it out.
    """
    opening = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{opening}>{join(children)}</{name}>")


def join(parts: Iterable[str]) -> Html:
    """Parts one after the other; a part that is not `Html` is escaped."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part) for part in parts))


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
