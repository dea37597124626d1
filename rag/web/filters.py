"""What questions are limited to: the button beside the input, its panel, and the chips."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.retrieve.filters import NAMES, missing, read_filters
from rag.web import chat_view, filters_view
from rag.web.backend import Backend
from rag.web.conversation import Conversation
from rag.web.language import words
from rag.web.markup import NOTHING
from rag.web.reasons import reason
from rag.web.theme import asset, part

Update = dict[str, Any]
BACKWARDS = "开始的日期晚于结束的日期；请对调。"


class FilterHandlers:
    """What the events do: each changes the conversation's filters and draws them afresh."""

    def __init__(self, assistant: Backend) -> None:
        self.assistant = assistant

    def open(self, conversation: Conversation) -> Update:
        """The panel, with what the corpus offers at this moment."""
        try:
            return self._panel(filters_view.given_of(conversation.filters))
        except RagError as error:
            return {"notice": chat_view.notice(reason(str(error)))}

    def use(self, wanted: object, conversation: Conversation) -> Update:
        """Take what stands in the form; where it can't be, say why in the panel."""
        fields = wanted if isinstance(wanted, dict) else {}
        given = {n: v for n in NAMES if isinstance(v := fields.get(n), str)}
        try:
            since, until = given.get("from", ""), given.get("to", "")
            if since and until and since > until:  # both as YYYY-MM-DD
                return self._panel(given, words(BACKWARDS), "from")
            filters = read_filters(given)
            if (lost := missing(filters, self.assistant.facets().counts)) is not None:
                return self._panel(given, filters_view.lost(lost), lost.name)
        except RagError as error:
            return {"notice": chat_view.notice(reason(str(error)))}
        conversation.filters = filters
        return {"chips": filters_view.chips(filters), "limits": NOTHING}

    def drop(self, name: object, conversation: Conversation) -> Update:
        """Take one limit away."""
        dropped = ("from", "to") if name == filters_view.DAYS else (name,)
        given = filters_view.given_of(conversation.filters)
        conversation.filters = read_filters({n: v for n, v in given.items() if n not in dropped})
        return {"chips": filters_view.chips(conversation.filters)}

    def _panel(self, given: Mapping[str, str], problem: str = "", wrong: str = "") -> Update:
        articles = self.assistant.articles()
        visit = secrets.token_hex(4)
        held = self.assistant.facets().counts
        drawn = filters_view.panel(articles, held, given, visit, problem, wrong)
        return {"limits": drawn, "notice": NOTHING}


def add_filters() -> dict[str, Any]:
    """Add the panel and the chips to the column that is open. Returns the parts by name."""
    return {
        "limits": part("limits", script=asset("filters.js")),
        "chips": part("chips", script=asset("chips.js")),
    }


def wire_filters(handlers: FilterHandlers, parts: Mapping[str, Any], session: gr.State) -> None:
    """Join the events. parts: those of `add_filters`, and `notice`."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    panel = parts["limits"]
    outputs = [session, panel, parts["chips"], parts["notice"]]

    def changed(update: Update, conversation: Conversation) -> dict[Any, Any]:
        return {session: conversation, **{parts[name]: value for name, value in update.items()}}

    def open_panel(conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.open(conversation), conversation)

    def use(conversation: Conversation, event: gr.EventData) -> dict[Any, Any]:
        return changed(handlers.use(event._data, conversation), conversation)

    def drop(conversation: Conversation, event: gr.EventData) -> dict[Any, Any]:
        name = event._data.get("name") if isinstance(event._data, dict) else None
        return changed(handlers.drop(name, conversation), conversation)

    panel.choices(open_panel, session, outputs, queue=False, **quiet)
    panel.use(use, session, outputs, queue=False, trigger_mode="multiple", **quiet)
    parts["chips"].drop(drop, session, outputs, queue=False, trigger_mode="multiple", **quiet)
