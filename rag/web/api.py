"""The chat's functions as named endpoints: `/ask` and `/search`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import gradio as gr
from gradio.events import api
from starlette.concurrency import run_in_threadpool

from rag.answer.export import answer_to_dict, hit_to_dict
from rag.errors import QuestionError, RagError
from rag.retrieve.filters import check_filters, read_filters
from rag.types import Answer, Draft, Filters
from rag.web.backend import Backend
from rag.web.limits import Limits, visitor
from rag.web.line import Line, LineFull

Result = TypeVar("Result")

MOST_HITS = 50
MOST_HISTORY = 50


def add_endpoints(assistant: Backend, line: Line, limits: Limits) -> None:
    """Add the endpoints to the Blocks that is open.

    Answers share the line with the page, and questions its limits. The functions' descriptions
    are what the page 接口 and other assistants (MCP) read.
    """

    async def ask(
        request: gr.Request,
        question: str,
        history: list[str] = [],  # noqa: B006  # read only
        filters: dict[str, str] = {},  # noqa: B006  # read only
    ) -> dict[str, Any]:
        """Answer a question, in Chinese, from the newspaper issues of this corpus alone.

        Every sentence of the answer carries a marker such as [1]; its citation quotes the
        sentence of the article that says so. `refused` is true where the corpus does not say.

        Args:
            question: one question in Chinese, as a person would ask it
            history: the earlier questions of the conversation, oldest first, to read a follow-up
            filters: any of from, to (YYYY-MM-DD, YYYY-MM, YYYY), paper, column, reporter, issue

        Returns:
            answer, refused, citations (headline, issue, date, quote), evidence, timings
        """
        _or_notice(lambda: limits.check(visitor(request)))

        def begun() -> tuple[Iterator[Draft | Answer], Draft | Answer]:
            asked = _asked(question, history)
            items = assistant.stream(*asked, None, _filtered(assistant, filters))
            return items, next(items)

        items, item = await run_in_threadpool(_or_notice, begun)
        if isinstance(item, Answer):  # it needed no model, hence no place in the line
            return answer_to_dict(item)
        try:
            with line.join() as place:
                await place.wait()
                return answer_to_dict(await run_in_threadpool(_or_notice, lambda: _last(items)))
        except LineFull:
            told = f"{line.longest} questions are waiting; ask again in a while"
            raise gr.Error(told, title="", print_exception=False) from None

    def search(
        request: gr.Request,
        question: str,
        k: int = 10,
        filters: dict[str, str] = {},  # noqa: B006  # read only
    ) -> list[dict[str, Any]]:
        """Find the passages of the newspaper issues that are nearest to a question, best first.

        Args:
            question: a question or keywords in Chinese
            k: how many passages at most, 1 to 50
            filters: any of from, to (YYYY-MM-DD, YYYY-MM, YYYY), paper, column, reporter, issue

        Returns:
            the passages' texts with their scores, articles, issues and dates
        """
        _or_notice(lambda: limits.check(visitor(request)))

        def found() -> list[dict[str, Any]]:
            asked = _searched(question, k)
            hits = assistant.search(*asked, _filtered(assistant, filters))
            return [hit_to_dict(hit) for hit in hits]

        return _or_notice(found)

    # MCP calls what is not queued in this process; what is, at the address that a caller names
    api(ask, api_name="ask", queue=False, concurrency_limit=None)  # the line says who is next
    api(search, api_name="search", queue=False, concurrency_limit=4)


def _or_notice(work: Callable[[], Result]) -> Result:
    """What `work` returns; a RagError becomes the one line that the caller is sent."""
    try:
        return work()
    except RagError as error:
        raise gr.Error(str(error), title="", print_exception=False) from error


def _last(items: Iterator[Draft | Answer]) -> Answer:
    """The answer that drafts end with."""
    *_drafts, answer = items
    if not isinstance(answer, Answer):
        raise AssertionError("the stream ends with an Answer")
    return answer


def _asked(question: object, history: object) -> tuple[str, list[str]]:
    """Check what came over the wire: Gradio passes on any JSON."""
    if history is None:
        history = []
    if not isinstance(question, str):
        raise QuestionError(f"question is {type(question).__name__}; give text")
    if not isinstance(history, list) or not all(isinstance(one, str) for one in history):
        raise QuestionError("history is not a list of texts; give the earlier questions, or []")
    if len(history) > MOST_HISTORY:
        raise QuestionError(f"history has {len(history)} questions; give at most {MOST_HISTORY}")
    return question, history


def _searched(question: object, k: object) -> tuple[str, int]:
    text, _ = _asked(question, [])
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MOST_HITS:
        raise QuestionError(f"k is {k!r}; give a whole number from 1 to {MOST_HITS}")
    return text, k


def _filtered(assistant: Backend, given: object) -> Filters:
    filters = read_filters(given)
    if filters:
        check_filters(filters, assistant.facets().counts)
    return filters
