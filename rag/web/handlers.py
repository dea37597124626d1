"""What the events of the chat do, without Gradio's wiring.

Every handler changes the session's `Conversation` and draws it afresh. Asking is two events:
`submit` puts the question on the page at once, `answer` waits in line for the generator.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Generator
from dataclasses import replace
from inspect import GEN_RUNNING, getgeneratorstate
from typing import Any

import gradio as gr
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from rag.errors import RagError
from rag.types import EVERYTHING, Draft, Work
from rag.web import answer_view, article_view, chat_view
from rag.web.backend import Backend
from rag.web.conversation import Conversation, Turn
from rag.web.language import words
from rag.web.limits import Limits
from rag.web.line import TICK, Line, LineFull
from rag.web.markup import NOTHING, Html
from rag.web.opening_view import opening
from rag.web.reasons import reason

logger = logging.getLogger(__name__)

Update = dict[str, Any]
"""New values of the page's parts, by their names."""

CROWDED = "现在提问的人太多；请过一会儿再问。"
BROKEN = "出了意外，这个问题没有答完；请再问一次，若仍不行请查看服务的日志。"


class Handlers:
    """What the page's events do. Holds nothing of any session but its places in the line."""

    def __init__(
        self, assistant: Backend, line: Line | None = None, limits: Limits | None = None
    ) -> None:
        self.assistant = assistant
        self.line = line or Line()
        self.limits = limits or Limits(0)

    def greet(self, conversation: Conversation) -> tuple[Any, Any, Any, Any]:
        """Masthead, welcome, panel and notice of a page that was just opened.

        Who was quick has asked something by now: that stays.
        """
        try:
            manifest = self.assistant.manifest
            welcome = chat_view.welcome(manifest, self.assistant.examples())
            library = self._library()
            if not conversation.empty:
                return chat_view.masthead(manifest), gr.skip(), library, gr.skip()
            return chat_view.masthead(manifest), welcome, library, NOTHING
        except RagError as error:
            logger.info("nothing to ask yet: %s", error)
            return chat_view.masthead(None), opening(Work()), article_view.opening_view(), NOTHING

    def submit(self, question: str, conversation: Conversation, who: str = "") -> Update:
        """Begin a turn, or say why not. Keys are the names of the page's parts.

        who: asks, and may ask so many questions a minute.
        """
        question = (question or "").strip()
        limit = self.assistant.settings.question_chars
        if conversation.busy:
            return _told(words("上一个问题还在回答；请等它答完，或先停止。"))
        if not question:
            return _told(words("请先写下问题。"))
        if len(question) > limit:
            return _told(
                words(
                    "问题有 {n} 字，最多 {limit} 字；请缩短后再问。", n=len(question), limit=limit
                )
            )
        try:
            _ = self.assistant.manifest
        except RagError as error:  # the question stays in the box until it can be asked
            return _told(words("{reason}。", reason=reason(str(error))))
        if told := self.too_often(who):
            return _told(told)
        conversation.ask(question)
        return {"box": "", **begun(conversation)}

    def too_often(self, who: str) -> str:
        """Count a question; where it is one too many in this minute, say when there is room."""
        seconds = self.limits.take(who)
        return (
            words(
                "一分钟最多问 {most} 个问题；请过 {seconds} 秒再问。",
                most=self.limits.most,
                seconds=seconds,
            )
            if seconds
            else ""
        )

    def offered(self, question: object, conversation: Conversation, who: str = "") -> Update:
        """Ask a question that the page offers. What is being written stays, unless it was to
        replace a question. question: from a browser, not checked.
        """
        editing, conversation.editing = conversation.editing, 0
        update = self.submit(question if isinstance(question, str) else "", conversation, who)
        if "live" not in update:  # it was not begun
            conversation.editing = editing
        elif not editing:
            del update["box"]
        return update

    def ask_again(self, number: object, conversation: Conversation, who: str = "") -> Update:
        """Ask a question that was asked under filters without them, now and from here on."""
        turn = conversation.turn(number)
        if turn is None or conversation.busy:
            return self.submit("", conversation)  # says what is the matter
        conversation.filters = EVERYTHING
        return self.offered(turn.question, conversation, who) | {"chips": NOTHING}

    async def answer(self, conversation: Conversation) -> AsyncIterator[Html | dict[str, Any]]:
        """Answer the current turn, drawing it whenever it changes; wait in line for the models."""
        turn = conversation.current
        if turn is None:
            yield gr.skip()  # Gradio gives null to the outputs of an event that says nothing
            return
        views = self.run(conversation)
        try:
            view = await run_in_threadpool(next, views)
            if turn.over:  # it needed no model, hence no place in the line
                yield view
                return
            with self.line.join() as place:
                while place.ahead and not turn.over:
                    turn.ahead = place.ahead
                    yield _current(conversation)
                    await place.wait(TICK)
                try:
                    async for view in iterate_in_threadpool(views):
                        yield view
                finally:  # the next is called once this one has come to its end
                    await _end(turn, views)
        except LineFull:
            turn.fail(CROWDED)
            yield _current(conversation)
        finally:
            await _end(turn, views)

    def run(self, conversation: Conversation) -> Generator[Html, None, None]:
        """Answer the current turn, drawing it whenever there is more of it.

        Before a model runs, the turn is drawn once as it waits: for its place in the line.
        """
        turn = conversation.current
        if turn is not None and turn.status == "waiting":
            effort = turn.effort
            if turn.more:
                usual = effort.sources or self.assistant.settings.sources
                effort = replace(effort, sources=usual + turn.more)
            try:
                stream = self.assistant.stream(
                    turn.question, conversation.history, turn.cancel, turn.filters, effort
                )
                for item in stream:
                    if turn.status == "waiting" and isinstance(item, Draft):
                        yield _current(conversation)
                        turn.begin()
                    turn.take(item)
                    yield _current(conversation)
                    if turn.over:
                        break
            except RagError as error:
                turn.fail(reason(str(error)))
            finally:
                turn.fail(BROKEN)  # has an effect only where it ended without an answer
                turn.cancel.set()  # the page may be gone: let the generator end as well
        yield _current(conversation)

    def settle(self, conversation: Conversation, refused: bool = False) -> Update:
        """Give the button back. refused: the event failed; a turn that it left waiting found the
        line full. Otherwise one that waits was asked since, and has an event of its own.
        """
        turn = conversation.current
        if refused and turn is not None and turn.status == "waiting":
            turn.fail(CROWDED)
        drawn = {"live": _current(conversation), **_buttons(busy=conversation.busy)}
        if turn is not None and turn.answer is not None:
            drawn["related"] = answer_view.related(())  # keeps their place
        return drawn

    def stop(self, conversation: Conversation) -> Update:
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
            return gr.skip(), chat_view.notice(words("没有指明是哪一篇文章。"))
        try:
            article = self.assistant.article(article_id)
        except RagError as error:
            return gr.skip(), chat_view.notice(reason(str(error)))
        return article_view.article_view(article, cited, _visit()), NOTHING

    def open_library(self) -> tuple[Html | dict[str, Any], Html]:
        """Panel and notice after the list of articles was asked for."""
        try:
            return self._library(), NOTHING
        except RagError as error:
            return gr.skip(), chat_view.notice(reason(str(error)))

    def _library(self) -> Html:
        return article_view.library_view(self.assistant.articles(), _visit())


async def _end(turn: Turn, views: Generator[Html, None, None]) -> None:
    """Let go of what a turn's answer holds."""
    turn.cancel.set()
    if getgeneratorstate(views) != GEN_RUNNING:  # as it is where the server stops
        await run_in_threadpool(views.close)


def begun(conversation: Conversation) -> Update:
    """The page once a question was asked."""
    return {
        "past": chat_view.turns_view(conversation.turns[:-1]),
        "live": _current(conversation),
        **dict.fromkeys(("notice", "editing", "related"), NOTHING),
        **_buttons(busy=True),
    }


def _told(text: str) -> dict[str, Any]:
    return {"notice": chat_view.notice(text)}


def _buttons(busy: bool) -> dict[str, Any]:
    return {"send": gr.update(visible=not busy), "halt": gr.update(visible=busy)}


def _current(conversation: Conversation) -> Html:
    turn = conversation.current
    return chat_view.turn_view(turn, last=True) if turn else NOTHING


def _visit() -> str:
    return secrets.token_hex(4)
