"""Once there is an answer: give it anew, change the question, judge it, keep it, ask on."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.feedback import Feedback, FeedbackError, Verdict
from rag.types import Answer, Article
from rag.web import answer_view, chat_view
from rag.web.access import user
from rag.web.conversation import Conversation, Thumb, Turn
from rag.web.conversation_export import file_name, to_html, to_markdown
from rag.web.conversations import keep_thumb
from rag.web.handlers import Handlers, Update, begun
from rag.web.language import words
from rag.web.limits import visitor
from rag.web.markup import NOTHING, Html
from rag.web.reasons import reason
from rag.web.theme import asset, part

logger = logging.getLogger(__name__)

MORE, MOST = 2, 6
"""Passages that an answer given anew reads besides, and how many at the most."""
BUSY = "上一个问题还在回答；请等它答完，或先停止。"
GONE = "这一问已经不在了；请重新打开页面。"
UNSTORED = "意见没有存下来；请再点一次，若仍不行请查看服务的日志。"
Act = Callable[[dict[str, Any], Conversation, gr.Request], Update]
KINDS = {"md": ("text/markdown", to_markdown), "html": ("text/html", to_html)}


class AnswerHandlers:
    """What the events do. Numbers and texts come from a browser: they may be anything."""

    def __init__(self, asking: Handlers) -> None:
        self.assistant, self._asking = asking.assistant, asking

    def anew(self, number: object, conversation: Conversation, who: str = "") -> Update:
        """Answer the last question again. The generator writes the same for the same passages:
        it is given more of them, unless the index or the choice of the generator has changed
        or there was no answer. who: as for `Handlers.submit`.
        """
        turn = conversation.turn(number)
        if turn is None or turn is not conversation.current:
            return _told(GONE)
        if conversation.busy:
            return _told(BUSY)
        more = turn.more
        if turn.answer is not None:
            try:
                changed = self.assistant.manifest.version != turn.answer.index_version
            except RagError as error:
                return _told(reason(str(error)))
            other = conversation.effort.generator != turn.effort.generator
            more = 0 if changed or other else more + MORE
            if more > MOST:
                return _told(
                    words("已经多读了 {more} 段；资料没有变，答案也不会变。", more=turn.more)
                )
            if not changed and not turn.answer.evidence.hits:
                return _told(words("这个回答不是从段落里读出来的；资料没有变，答案也不会变。"))
        if told := self._asking.too_often(who):
            return _told(told)
        conversation.again(more)
        return begun(conversation)

    def edit(self, number: object, conversation: Conversation) -> Update:
        """Put a question back into the box; what is sent next replaces it."""
        turn = conversation.turn(number)
        if turn is None:
            return _told(GONE)
        if conversation.busy:
            return _told(BUSY)
        conversation.editing = turn.number
        drawn = answer_view.editing(turn.number)
        return {"box": turn.question, "editing": drawn, "notice": NOTHING}

    def keep(self, draft: object, conversation: Conversation) -> Update:
        """Replace nothing after all. draft: what was being written before, not checked."""
        conversation.editing = 0
        return {"box": draft if isinstance(draft, str) else "", "editing": NOTHING}

    def judge(
        self, number: object, verdict: Verdict, conversation: Conversation, name: str = ""
    ) -> Update:
        """Store a thumb, `up` or `down`; a second one takes the place of the first."""
        turn = conversation.turn(number)
        if turn is None or turn.answer is None:
            return _told(GONE)
        thumb = turn.thumb
        if thumb is None or thumb.verdict != verdict:
            thumb = self._stored(Thumb(thumb.key if thumb else "", verdict), turn.answer, name)
            if thumb is None:
                return _told(UNSTORED)
        turn.thumb = replace(thumb, open=verdict == "down" and not thumb.open)
        return _drawn(turn, conversation) | keep_thumb(turn, conversation)

    def explain(
        self, told: Mapping[str, object], conversation: Conversation, name: str = ""
    ) -> Update:
        """Take what stands in the form behind a thumb down. told: turn, reason, comment."""
        turn = conversation.turn(told.get("turn"))
        if (
            turn is None
            or turn.answer is None
            or turn.thumb is None
            or turn.thumb.verdict != "down"
        ):
            return _told(GONE)
        reason, comment = told.get("reason"), told.get("comment")
        reason = reason if reason in answer_view.REASONS else ""
        comment = comment[: answer_view.COMMENT] if isinstance(comment, str) else ""
        thumb = replace(turn.thumb, reason=str(reason), comment=comment, open=False)
        if (stored := self._stored(thumb, turn.answer, name)) is None:
            return _told(UNSTORED)
        turn.thumb = stored
        return _drawn(turn, conversation) | keep_thumb(turn, conversation)

    def shut(self, number: object, conversation: Conversation) -> Update:
        """Close the form; the thumb stays."""
        turn = conversation.turn(number)
        if turn is None or turn.thumb is None:
            return _told(GONE)
        turn.thumb = replace(turn.thumb, open=False)
        return _drawn(turn, conversation)

    def export(self, form: object, conversation: Conversation) -> Update:
        """The conversation as a file, `md` or `html`, for the browser to keep."""
        turns = [turn for turn in conversation.turns if turn.over]
        if not isinstance(form, str) or form not in KINDS or not turns:
            return _told(words("还没有可以导出的回答。"))
        kind, write = KINDS[form]
        text = write(turns, datetime.now().astimezone(), self._articles(turns))
        drawn = answer_view.file(file_name(turns, form), kind, text, secrets.token_hex(4))
        return {"file": drawn, "notice": NOTHING}

    def suggest(self, conversation: Conversation) -> Html | dict[str, Any]:
        """Questions to ask next; looked for once the answer stands, so that it never waits."""
        turn = conversation.current
        if turn is None or turn.answer is None:
            return NOTHING
        told = [c for one in conversation.turns[:-1] if one.answer for c in one.answer.citations]
        asked = (*conversation.history, turn.question)
        try:
            found = self.assistant.related(turn.answer, asked, told, conversation.filters)
        except RagError as error:
            logger.info("no related questions: %s", error)
            found = []
        # another question may have been asked meanwhile: its page stays as it is
        return answer_view.related(found) if conversation.current is turn else gr.skip()

    def _stored(self, thumb: Thumb, answer: Answer, name: str) -> Thumb | None:
        """The thumb once it stands in the table, with its key; None where that fails."""
        told = (thumb.verdict, thumb.reason, thumb.comment, name, thumb.key)
        try:
            key = Feedback(self.assistant.settings.feedback).give(answer, *told)
        except FeedbackError as error:
            logger.warning("%s", error)
            return None
        return replace(thumb, key=key)

    def _articles(self, turns: list[Turn]) -> dict[str, Article]:
        """The articles that are cited, as far as the index still holds them."""
        found: dict[str, Article] = {}
        cited = {c.article_id for one in turns if one.answer for c in one.answer.citations}
        for article_id in cited:
            try:
                found[article_id] = self.assistant.article(article_id)
            except RagError as error:
                logger.info("exported without %s: %s", article_id, error)
        return found


def add_related() -> dict[str, Any]:
    """Add what follows the last answer to the column that is open. Returns the parts by name."""
    return {
        "related": part("related", script=asset("related.js")),
        "foot": part("foot", answer_view.foot, asset("export.js")),
        "file": part("file", script=asset("export.js")),
    }


def wire_answers(
    handlers: AnswerHandlers,
    parts: Mapping[str, Any],
    session: gr.State,
) -> Any:  # noqa: ANN401  # gradio's
    """Join the events. Returns the one that begins an answer. parts: the page's."""
    quiet: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    outputs = [session, *parts.values()]

    def on(name: str, event: str, act: Act) -> Any:  # noqa: ANN401  # gradio's
        def handle(
            conversation: Conversation, told: gr.EventData, request: gr.Request
        ) -> dict[Any, Any]:
            data = told._data if isinstance(told._data, dict) else {}
            update = act(data, conversation, request)
            return {session: conversation, **{parts[one]: new for one, new in update.items()}}

        return getattr(parts[name], event)(handle, session, outputs, **quiet)

    def by(request: gr.Request) -> str:
        return user(request) or ""

    def judged(verdict: Verdict) -> Act:
        return lambda data, talk, request: handlers.judge(
            data.get("turn"), verdict, talk, by(request)
        )

    for name in ("past", "live"):
        on(name, "edit", lambda data, talk, _request: handlers.edit(data.get("turn"), talk))
        on(name, "up", judged("up"))
        on(name, "down", judged("down"))
        on(name, "why", lambda data, talk, request: handlers.explain(data, talk, by(request)))
        on(name, "shut", lambda data, talk, _request: handlers.shut(data.get("turn"), talk))
    on("editing", "keep", lambda data, talk, _request: handlers.keep(data.get("draft"), talk))
    on("foot", "export", lambda data, talk, _request: handlers.export(data.get("form"), talk))
    return on(
        "live",
        "anew",
        lambda data, talk, request: handlers.anew(data.get("turn"), talk, visitor(request)),
    )


def _told(text: str) -> Update:
    return {"notice": chat_view.notice(text)}


def _drawn(turn: Turn, conversation: Conversation) -> Update:
    """The half of the conversation that a turn stands in."""
    if turn is conversation.current:
        return {"live": chat_view.turn_view(turn, last=True), "notice": NOTHING}
    return {"past": chat_view.turns_view(conversation.turns[:-1]), "notice": NOTHING}
