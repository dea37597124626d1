"""The chat page: what stands on it, and which event is joined to which handler."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.library import Library
from rag.web import chat_view, filters_view
from rag.web.answering import AnswerHandlers, add_related, wire_answers
from rag.web.api import add_endpoints
from rag.web.backend import Backend, Keeper
from rag.web.conversation import Conversation
from rag.web.conversations import (
    ConversationHandlers,
    add_conversations,
    keep,
    wire_conversations,
)
from rag.web.evaluation_tab import add_evaluation
from rag.web.filters import FilterHandlers, add_filters, wire_filters
from rag.web.handlers import Handlers, Update
from rag.web.language import marked, translations
from rag.web.library_tab import add_library
from rag.web.limits import Limits, visitor
from rag.web.line import LONGEST, Line
from rag.web.logout import add_logout
from rag.web.markup import Html
from rag.web.news import add_news
from rag.web.preferences import add_preferences
from rag.web.tabs import PANE
from rag.web.theme import asset, part

OTHERS = 40
"""Events besides those that wait for an answer that may be under way at the same time."""


def build_page(
    assistant: Backend,
    answers_at_once: int = 1,
    keeper: Keeper | None = None,
    library: Library | None = None,
) -> gr.Blocks:
    """The page over an assistant, not yet served.

    answers_at_once: how many answers are generated side by side; the others wait in line.
    keeper: tells of changes of the index; library: takes files in. Without them the page shows
    what there is.
    """
    line = Line(answers_at_once)
    limits = Limits(assistant.settings.questions_a_minute)
    handlers = Handlers(assistant, line, limits)
    page = gr.Blocks(
        title=chat_view.TITLE, analytics_enabled=False, fill_height=True, fill_width=True
    )
    page.i18n_instance = gr.I18n(**translations())
    page.max_threads = answers_at_once + LONGEST + OTHERS
    with page:
        parts = _lay_out(assistant.settings.question_chars)
        session = gr.State(Conversation(), delete_callback=Conversation.close)
        _wire(page, handlers, parts, session)
        tab = add_library(page, assistant, library, keeper)
        add_news(assistant, keeper, parts, session, tab)
        add_evaluation(page, assistant)
        add_endpoints(assistant, line, limits)
        add_preferences(assistant.settings, session)
        add_logout(page)
    page.queue(max_size=64)
    return page


def _lay_out(limit: int) -> dict[str, Any]:
    """The page's parts, by name."""
    parts: dict[str, Any] = {}
    talk = f"{asset('conversation.js')}\n{asset('answer.js')}"
    parts["head"] = part("head", lambda: chat_view.masthead(None), asset("tabs.js"))
    with gr.Row(elem_id="main", elem_classes=PANE):
        parts |= add_conversations()
        with gr.Column(elem_id="chat"):
            with gr.Column(elem_id="talk"):
                parts["past"] = part("past", script=talk)
                parts["live"] = part("live", script=talk)
                parts |= add_related()
            parts["notice"] = part("notice")
            parts["editing"] = part("editing", script=asset("editing.js"))
            parts |= add_filters()
            with gr.Row(elem_id="ask"):
                part("limit-open", filters_view.opener)
                parts["box"] = gr.Textbox(
                    label=marked("问题"),
                    show_label=False,
                    container=False,
                    placeholder=marked("写下问题，回车发送"),
                    lines=1,
                    max_lines=6,
                    elem_id="box",
                )
                parts["send"] = gr.Button(marked("提问"), variant="primary", elem_id="send")
                parts["halt"] = gr.Button(marked("停止"), visible=False, elem_id="halt")
        with gr.Column(elem_id="side"):
            parts["panel"] = part("panel", script=asset("panel.js"))
    return parts


def _wire(page: gr.Blocks, handlers: Handlers, parts: dict[str, Any], session: gr.State) -> None:
    """Join events to handlers. All are private: the API shows the named endpoints alone."""
    at_once: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    each = {"trigger_mode": "multiple", **at_once}
    past, live, panel, notice = (parts[name] for name in ("past", "live", "panel", "notice"))
    outcome = [session, *parts.values()]

    def changed(update: Update, conversation: Conversation) -> dict[Any, Any]:
        return {session: conversation, **{parts[name]: value for name, value in update.items()}}

    def submit(question: str, conversation: Conversation, request: gr.Request) -> dict[Any, Any]:
        update = handlers.submit(question, conversation, visitor(request))
        return changed(update, conversation)

    def submit_example(
        conversation: Conversation, event: gr.EventData, request: gr.Request
    ) -> dict[Any, Any]:
        question = event._data.get("question") if isinstance(event._data, dict) else None
        return changed(handlers.offered(question, conversation, visitor(request)), conversation)

    def ask_again(
        conversation: Conversation, event: gr.EventData, request: gr.Request
    ) -> dict[Any, Any]:
        number = event._data.get("turn") if isinstance(event._data, dict) else None
        return changed(handlers.ask_again(number, conversation, visitor(request)), conversation)

    def settle(conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.settle(conversation) | keep(conversation), conversation)

    def give_up(conversation: Conversation) -> dict[Any, Any]:
        update = handlers.settle(conversation, refused=True)
        return changed(update | keep(conversation), conversation)

    def stop(conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.stop(conversation) | keep(conversation), conversation)

    def open_article(event: gr.EventData) -> tuple[Any, Html]:
        return handlers.open_article(event._data)

    answering = AnswerHandlers(handlers)
    wire_filters(FilterHandlers(handlers.assistant), parts, session)
    reopened = wire_conversations(ConversationHandlers(handlers), parts, session)
    reopened.success(answering.suggest, session, parts["related"], **at_once)
    page.load(handlers.greet, session, [parts["head"], past, panel, notice], **at_once)
    asked = [
        gr.on(
            [parts["box"].submit, parts["send"].click],
            submit,
            [parts["box"], session],
            outcome,
            **at_once,
        ),
        past.example(submit_example, session, outcome, **at_once),
        past.again(ask_again, session, outcome, **at_once),
        live.again(ask_again, session, outcome, **at_once),
        parts["related"].example(submit_example, session, outcome, **at_once),
        wire_answers(answering, parts, session),
    ]
    for submitted in asked:
        answered = submitted.then(
            handlers.answer,
            session,
            live,
            show_progress="hidden",
            api_visibility="private",
            trigger_mode="multiple",
            concurrency_limit=None,  # the line says who is next
        )
        # each: also while that of a question before, which was stopped, is under way
        settled = answered.success(settle, session, outcome, **each)
        settled.then(answering.suggest, session, parts["related"], **each)
        answered.failure(give_up, session, outcome, **each)
    parts["halt"].click(stop, session, outcome, **at_once)
    for talking in (past, live):
        talking.cite(open_article, None, [panel, notice], **each)
    panel.open_article(open_article, None, [panel, notice], **each)
    panel.library(handlers.open_library, None, [panel, notice], **at_once)
