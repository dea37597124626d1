"""Conversations that are opened again, begun anew, or come with a link."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import gradio as gr

from rag.errors import QuestionError, StoreError
from rag.retrieve.filters import NAMES, read_filters
from rag.types import Article
from rag.web import chat_view, conversations_view, filters_view
from rag.web.conversation import Conversation, Turn
from rag.web.handlers import Handlers
from rag.web.kept import read_conversation, thumb_to_dict, turn_to_dict
from rag.web.markup import NOTHING, Html
from rag.web.theme import asset, part

Update = dict[str, Any]

SCRIPTS = ("conversation_store.js", "conversation_server.js", "conversations.js", "links.js")
BUSY = "上一个问题还在回答；请等它答完，或先停止。"
DAMAGED = "这段对话存坏了，打不开，已从列表中去掉。"
LOST = "链接不完整，没有可问的问题。"


class ConversationHandlers:
    """What the events do: each puts another conversation in the place of the session's."""

    def __init__(self, chat: Handlers) -> None:
        self.chat, self.assistant = chat, chat.assistant

    def reopen(self, wanted: object, conversation: Conversation) -> Update:
        """Go on with a conversation that was kept. wanted: its record, not checked."""
        if conversation.busy:
            return _notice(BUSY)
        record = wanted if isinstance(wanted, dict) else {}
        try:
            kept = read_conversation(record, self._article)
        except QuestionError:
            return _notice(DAMAGED) | tell("damaged", id=str(record.get("id", ""))[:64])
        *past, last = kept.turns
        return {
            "past": chat_view.turns_view(past),
            "live": chat_view.turn_view(last, last=True),
            **self._turn_to(kept, conversation),
            **tell("opened", id=kept.id),
        }

    def fresh(self, conversation: Conversation) -> Update:
        """Begin a new conversation."""
        if conversation.busy:
            return _notice(BUSY)
        _head, welcome, _panel, _told = self.chat.greet(Conversation())
        return {
            "past": welcome,
            "live": NOTHING,
            **self._turn_to(Conversation(), conversation),
            **tell("fresh"),
        }

    def linked(self, wanted: object, conversation: Conversation) -> Update:
        """Show the question of a link in a new conversation, and ask nothing."""
        fields = wanted if isinstance(wanted, dict) else {}
        given = {n: v for n in NAMES if isinstance(v := fields.get(n), str)}
        question = fields.get("question")
        if conversation.busy:
            return _notice(BUSY)
        longest = self.assistant.settings.question_chars
        if not isinstance(question, str) or not 0 < len(question.strip()) <= longest:
            return _notice(LOST)
        try:
            filters = read_filters(given)
        except QuestionError:
            return _notice(LOST)
        return {
            "past": conversations_view.linked(question.strip(), filters),
            "live": NOTHING,
            **self._turn_to(Conversation(filters=filters, linked=True), conversation),
            **tell("fresh"),
        }

    def _turn_to(self, other: Conversation, conversation: Conversation) -> Update:
        """Put another in its place. What is being written stays, but for a question of this one
        that was being changed.
        """
        box = {"box": ""} if conversation.editing else {}
        conversation.take_over(other)
        return {
            "chips": filters_view.chips(conversation.filters),
            **dict.fromkeys(("notice", "limits", "editing", "related"), NOTHING),
            **box,
        }

    def _article(self, article_id: str) -> Article | None:
        try:
            return self.assistant.article(article_id)
        except StoreError:
            return None


def keep(conversation: Conversation) -> Update:
    """Have the page keep the last turn that is over; the next may be under way already."""
    turn = next((turn for turn in reversed(conversation.turns) if turn.over), None)
    if turn is None:
        return {}
    return tell("keep", id=conversation.id, number=turn.number, turn=turn_to_dict(turn))


def keep_thumb(turn: Turn, conversation: Conversation) -> Update:
    """Have the page keep what the user thinks of an answer."""
    return tell("thumb", id=conversation.id, number=turn.number, thumb=thumb_to_dict(turn))


def tell(kind: str, **fields: object) -> Update:
    """A message to the list of conversations."""
    return {"kept": conversations_view.told({"kind": kind, **fields}, secrets.token_hex(4))}


def add_conversations() -> dict[str, Any]:
    """Add the column to the row that is open, and what tells it. Returns the parts by name."""
    script = "\n".join(map(asset, SCRIPTS))
    return {
        "talks": part("talks", conversations_view.shell, script),
        "kept": part("kept", script=asset("kept.js")),
    }


def wire_conversations(
    handlers: ConversationHandlers, parts: Mapping[str, Any], session: gr.State
) -> Any:  # noqa: ANN401  # gradio's
    """Join the events. Returns the one that opens a conversation. parts: all of the chat's."""
    quiet: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
        "trigger_mode": "multiple",
    }
    talks = parts["talks"]
    outputs = [session, *parts.values()]

    def changed(update: Update, conversation: Conversation) -> dict[Any, Any]:
        return {session: conversation, **{parts[n]: v for n, v in update.items()}}

    def reopen(conversation: Conversation, event: gr.EventData) -> dict[Any, Any]:
        return changed(handlers.reopen(event._data, conversation), conversation)

    def fresh(conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.fresh(conversation), conversation)

    def linked(conversation: Conversation, event: gr.EventData) -> dict[Any, Any]:
        return changed(handlers.linked(event._data, conversation), conversation)

    reopened = talks.reopen(reopen, session, outputs, **quiet)
    talks.fresh(fresh, session, outputs, **quiet)
    talks.linked(linked, session, outputs, **quiet)
    return reopened


def _notice(text: str) -> dict[str, Html]:
    return {"notice": chat_view.notice(text)}
