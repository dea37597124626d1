"""The chat page: what stands on it, and what each event does.

Every handler changes the session's `Conversation` and draws it afresh. Asking is two events:
`submit` puts the question on the page at once, `run` waits in the queue for the generator.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.web import article_view, chat_view
from rag.web.api import add_endpoints
from rag.web.backend import Backend
from rag.web.conversation import Conversation
from rag.web.evaluation_tab import add_evaluation
from rag.web.markup import NOTHING, Html
from rag.web.tabs import PANE
from rag.web.theme import asset, part

logger = logging.getLogger(__name__)

LANE = "answers"
CROWDED = "现在提问的人太多；请过一会儿再问。"
BROKEN = "出了意外，这个问题没有答完；请再问一次，若仍不行请查看服务的日志。"


class Handlers:
    """What the page's events do. Holds nothing of any session."""

    def __init__(self, assistant: Backend) -> None:
        self.assistant = assistant

    def greet(self) -> tuple[Html, Html, Html, Html]:
        """Masthead, welcome, panel and notice of a page that was just opened."""
        try:
            manifest = self.assistant.manifest
            welcome = chat_view.welcome(manifest, self.assistant.examples())
            return chat_view.masthead(manifest), welcome, self._library(), NOTHING
        except RagError as error:
            return chat_view.masthead(None), NOTHING, NOTHING, chat_view.notice(str(error))

    def submit(self, question: str, conversation: Conversation) -> dict[str, Any]:
        """Begin a turn, or say why not. Keys are the names of the page's parts."""
        question = (question or "").strip()
        limit = self.assistant.settings.question_chars
        if conversation.busy:
            return _told("上一个问题还在回答；请等它答完，或先停止。")
        if not question:
            return _told("请先写下问题。")
        if len(question) > limit:
            return _told(f"问题有 {len(question)} 字，最多 {limit} 字；请缩短后再问。")
        past = chat_view.turns_view(conversation.turns)
        turn = conversation.ask(question)
        return {
            "past": past,
            "live": chat_view.turn_view(turn),
            "notice": NOTHING,
            "box": "",
            **_buttons(busy=True),
        }

    def run(self, conversation: Conversation) -> Iterator[Html]:
        """Answer the current turn, drawing it whenever there is more of it."""
        turn = conversation.current
        if turn is not None and turn.status == "waiting":
            turn.begin()
            try:
                stream = self.assistant.stream(turn.question, conversation.history, turn.cancel)
                for item in stream:
                    turn.take(item)
                    yield _current(conversation)
                    if turn.over:
                        break
            except RagError as error:
                turn.fail(str(error))
            finally:
                turn.fail(BROKEN)  # has an effect only where it ended without an answer
                turn.cancel.set()  # the page may be gone: let the generator end as well
        yield _current(conversation)

    def settle(self, conversation: Conversation) -> dict[str, Any]:
        """Give the button back; a turn that was never begun found the line full."""
        turn = conversation.current
        if turn is not None and turn.status == "waiting":
            turn.fail(CROWDED)
        return {"live": _current(conversation), **_buttons(busy=conversation.busy)}

    def stop(self, conversation: Conversation) -> dict[str, Any]:
        """Stop the current turn and keep what is written of it."""
        conversation.close()
        return {"live": _current(conversation), **_buttons(busy=False)}

    def open_article(self, wanted: object) -> tuple[Html | dict[str, Any], Html]:
        """Panel and notice after an article was asked for, at a sentence or at its top."""
        place = wanted if isinstance(wanted, dict) else {}
        article_id, cited = place.get("article"), None
        if isinstance(start := place.get("start"), int) and isinstance(place.get("end"), int):
            cited = (start, place["end"])
        if not isinstance(article_id, str):
            return gr.skip(), chat_view.notice("没有指明是哪一篇文章。")
        try:
            article = self.assistant.article(article_id)
        except RagError as error:
            return gr.skip(), chat_view.notice(str(error))
        return article_view.article_view(article, cited, _visit()), NOTHING

    def open_library(self) -> tuple[Html | dict[str, Any], Html]:
        """Panel and notice after the list of articles was asked for."""
        try:
            return self._library(), NOTHING
        except RagError as error:
            return gr.skip(), chat_view.notice(str(error))

    def _library(self) -> Html:
        return article_view.library_view(self.assistant.articles(), _visit())


def build_page(assistant: Backend, answers_at_once: int = 1) -> gr.Blocks:
    """The page over an assistant, not yet served.

    answers_at_once: how many answers are generated side by side; the others wait in line.
    """
    handlers = Handlers(assistant)
    page = gr.Blocks(
        title=chat_view.TITLE, analytics_enabled=False, fill_height=True, fill_width=True
    )
    with page:
        parts = _lay_out(assistant.settings.question_chars)
        session = gr.State(Conversation(), delete_callback=Conversation.close)
        _wire(page, handlers, parts, session, answers_at_once)
        add_evaluation(page, assistant)
        add_endpoints(assistant, LANE, answers_at_once)
    page.queue(max_size=64)
    return page


def _lay_out(limit: int) -> dict[str, Any]:
    """The page's parts, by name."""
    parts: dict[str, Any] = {}
    talk = asset("conversation.js")
    parts["head"] = part("head", chat_view.masthead(None), asset("tabs.js"))
    with gr.Row(elem_id="main", elem_classes=PANE):
        with gr.Column(elem_id="chat"):
            with gr.Column(elem_id="talk"):
                parts["past"] = part("past", NOTHING, talk)
                parts["live"] = part("live", NOTHING, talk)
            parts["notice"] = part("notice", NOTHING)
            with gr.Row(elem_id="ask"):
                parts["box"] = gr.Textbox(
                    label=f"问题（最多 {limit} 字）",
                    show_label=False,
                    container=False,
                    placeholder="写下问题，回车发送",
                    lines=1,
                    max_lines=6,
                    elem_id="box",
                )
                parts["send"] = gr.Button("提问", variant="primary", elem_id="send")
                parts["halt"] = gr.Button("停止", visible=False, elem_id="halt")
        with gr.Column(elem_id="side"):
            parts["panel"] = part("panel", NOTHING, asset("panel.js"))
    return parts


def _wire(
    page: gr.Blocks, handlers: Handlers, parts: dict[str, Any], session: gr.State, width: int
) -> None:
    """Join events to handlers. All are private: the API shows the named endpoints alone."""
    at_once: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    past, live, panel, notice = (parts[name] for name in ("past", "live", "panel", "notice"))
    outcome = [session, *parts.values()]

    def changed(update: dict[str, Any], conversation: Conversation) -> dict[Any, Any]:
        return {session: conversation, **{parts[name]: value for name, value in update.items()}}

    def submit(question: str, conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.submit(question, conversation), conversation)

    def submit_example(conversation: Conversation, event: gr.EventData) -> dict[Any, Any]:
        question = event._data.get("question") if isinstance(event._data, dict) else None
        return submit(question if isinstance(question, str) else "", conversation)

    def settle(conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.settle(conversation), conversation)

    def stop(conversation: Conversation) -> dict[Any, Any]:
        return changed(handlers.stop(conversation), conversation)

    def open_article(event: gr.EventData) -> tuple[Any, Html]:
        return handlers.open_article(event._data)

    page.load(handlers.greet, None, [parts["head"], past, panel, notice], **at_once)
    asked = [
        gr.on(
            [parts["box"].submit, parts["send"].click],
            submit,
            [parts["box"], session],
            outcome,
            **at_once,
        ),
        past.example(submit_example, session, outcome, **at_once),
    ]
    for submitted in asked:
        answered = submitted.then(
            handlers.run,
            session,
            live,
            show_progress="hidden",
            api_visibility="private",
            trigger_mode="multiple",
            concurrency_id=LANE,
            concurrency_limit=width,
        )
        answered.success(settle, session, outcome, **at_once)
        answered.failure(settle, session, outcome, **at_once)
    parts["halt"].click(stop, session, outcome, **at_once)
    for talking in (past, live):
        talking.cite(open_article, None, [panel, notice], trigger_mode="multiple", **at_once)
    panel.open_article(open_article, None, [panel, notice], trigger_mode="multiple", **at_once)
    panel.library(handlers.open_library, None, [panel, notice], **at_once)


def _told(text: str) -> dict[str, Any]:
    return {"notice": chat_view.notice(text)}


def _buttons(busy: bool) -> dict[str, Any]:
    return {"send": gr.update(visible=not busy), "halt": gr.update(visible=busy)}


def _current(conversation: Conversation) -> Html:
    return chat_view.turn_view(conversation.current) if conversation.current else NOTHING


def _visit() -> str:
    return secrets.token_hex(4)
