"""The tab 资料库: what stands in it, and how its events are joined to what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.library import Library
from rag.web import library_view, shelf_view
from rag.web.backend import Backend, Keeper
from rag.web.library_handlers import Desk, LibraryHandlers, Update
from rag.web.tabs import PANE
from rag.web.theme import asset, part


@dataclass(frozen=True, slots=True)
class LibraryTab:
    """The tab, for others that redraw it: its handlers, its parts by name, a page's state."""

    handlers: LibraryHandlers
    parts: dict[str, Any]
    desk: gr.State


def add_library(
    page: gr.Blocks, assistant: Backend, library: Library | None, keeper: Keeper | None
) -> LibraryTab:
    """Add the tab's pane to the page that is open, and join its events.

    library: None where nothing is to be taken in or removed.
    """
    handlers = LibraryHandlers(assistant, library, keeper)
    tab = LibraryTab(handlers, _lay_out(library), gr.State(Desk(), delete_callback=Desk.close))
    _wire(page, tab)
    return tab


def _lay_out(library: Library | None) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    acts = asset("library.js")
    with gr.Column(elem_id="library", elem_classes=PANE):
        part("about-library", lambda: library_view.introduction(library is not None))
        if library is not None:
            parts["drop"] = part(
                "drop", lambda: shelf_view.drop_zone(library.largest), asset("drop.js")
            )
        parts["told"] = part("told-library")
        parts["upkeep"] = part("upkeep")
        parts["shelf"] = part("shelf", script=acts)
        parts["collection"] = part("collection", script=acts)
        parts["keeping"] = part("keeping", script=acts)
    return parts


def _wire(page: gr.Blocks, tab: LibraryTab) -> None:
    parts, handlers, desk = tab.parts, tab.handlers, tab.desk
    quiet: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    outputs = [desk, *parts.values()]

    def named(update: Update, desk_of: Desk) -> dict[Any, Any]:
        return {desk: desk_of, **{parts[name]: value for name, value in update.items()}}

    def on(name: str, event: str, act: Callable[[dict[str, Any], Desk], Update]) -> Any:  # noqa: ANN401  # gradio's
        def handle(desk_of: Desk, told: gr.EventData) -> dict[Any, Any]:
            data = told._data if isinstance(told._data, dict) else {}
            return named(act(data, desk_of), desk_of)

        listen = getattr(parts[name], event)
        return listen(handle, desk, outputs, trigger_mode="multiple", **quiet)

    page.load(lambda desk_of: named(handlers.greet(desk_of), desk_of), desk, outputs, **quiet)
    on("collection", "more", lambda _data, desk_of: handlers.list_more(desk_of))
    on("collection", "period", lambda data, desk_of: handlers.choose(data.get("period"), desk_of))
    if handlers.library is None:
        return
    looked_at = on("drop", "upload", handlers.upload)
    looked_at.failure(
        lambda desk_of: named(handlers.lose(desk_of), desk_of), desk, outputs, **quiet
    )
    on("shelf", "take", lambda data, desk_of: handlers.take(data.get("key"), desk_of))
    on("shelf", "take_all", lambda _data, desk_of: handlers.take(None, desk_of))
    on("shelf", "discard", lambda data, desk_of: handlers.discard(data.get("key"), desk_of))
    on("shelf", "discard_all", lambda _data, desk_of: handlers.discard(None, desk_of))
    for name in ("collection", "keeping"):
        on(name, "remove", lambda data, desk_of: handlers.remove(data.get("source"), desk_of))
