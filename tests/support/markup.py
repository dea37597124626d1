"""Markup read back."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import strategies as st

FORBIDDEN = {"script", "style", "img", "a", "textarea", "iframe", "svg"}
TEXT = st.text(
    st.sampled_from("甲乙，。\n<>&\"'`$[]{}a1 ") | st.characters(exclude_categories=["Cs"])
)


class Reader(HTMLParser):
    """Reads markup back: its text without headings, what is marked, and its elements."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text = ""
        self.marked = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(markup)
        self.close()
        assert not self._open, "every element is closed"

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attrs)))
        self._open.append((name, any(key == "data-heading" for key, _ in attrs)))

    def handle_endtag(self, name: str) -> None:
        assert self._open.pop()[0] == name

    def handle_data(self, data: str) -> None:
        if any(heading for _, heading in self._open):
            return
        self.text += data
        if any(name == "mark" for name, _ in self._open):
            self.marked += data
