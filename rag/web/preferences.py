"""What a visitor chooses of how answers are made, and the drawer in which it is chosen.

The choices stay in the visitor's browser. What comes from there is bounded here.
"""

from __future__ import annotations

import gradio as gr

from rag.config import Settings
from rag.models.bundled import BUNDLED
from rag.models.unpack import state
from rag.types import Effort
from rag.web.conversation import Conversation
from rag.web.preferences_view import LENGTHS, USUAL_LENGTH, drawer, most_sources, tokens
from rag.web.theme import asset, part


def read_effort(given: object, settings: Settings) -> Effort:
    """The effort for choices from a browser: bounded, and as usual where they are none."""
    fields = given if isinstance(given, dict) else {}
    sources, length = fields.get("sources"), fields.get("length")
    if isinstance(sources, int) and not isinstance(sources, bool):
        sources = max(1, min(sources, most_sources(settings)))
    else:
        sources = None
    known = isinstance(length, str) and length in LENGTHS and length != USUAL_LENGTH
    generator = fields.get("generator")
    if not isinstance(generator, str) or generator not in settings.offered[1:]:
        generator = None
    return Effort(sources, tokens(str(length), settings) if known else None, generator)


def add_preferences(settings: Settings, session: gr.State) -> None:
    """Add the drawer to the Blocks that is open, and join its event."""
    models = [state(one, settings.cache_dir) for one in BUNDLED if one.kind == "generator"]
    shown = part("settings", lambda: drawer(settings, models), asset("settings.js"))

    def choose(conversation: Conversation, event: gr.EventData) -> Conversation:
        conversation.effort = read_effort(event._data, settings)
        return conversation

    shown.choose(
        choose,
        session,
        session,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="multiple",
    )
