"""The chat's functions as named endpoints: `/ask` and `/search`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from gradio.events import api

from rag.answer.export import answer_to_dict, hit_to_dict
from rag.errors import QuestionError, RagError
from rag.web.backend import Backend

Result = TypeVar("Result")

MOST_HITS = 50
MOST_HISTORY = 50


def add_endpoints(assistant: Backend, lane: str, width: int) -> None:
    """Add the endpoints to the Blocks that is open.

    lane, width: the queue that answers share with the page, and how many run at once.
    """

    def ask(question: str, history: list[str] = []) -> dict[str, Any]:  # noqa: B006  # read only
        """Answer a question from the corpus.

        history: the conversation's earlier questions. Returns the answer with its citations,
        evidence and timings.
        """
        return _or_notice(lambda: answer_to_dict(assistant.ask(*_asked(question, history))))

    def search(question: str, k: int = 10) -> list[dict[str, Any]]:
        """Find the passages nearest to a question, best first, at most k of them."""
        return _or_notice(
            lambda: [hit_to_dict(hit) for hit in assistant.search(*_searched(question, k))]
        )

    api(ask, api_name="ask", concurrency_id=lane, concurrency_limit=width)
    api(search, api_name="search", concurrency_limit=4)


def _or_notice(work: Callable[[], Result]) -> Result:
    """What `work` returns; a RagError becomes the one line that the caller is sent."""
    try:
        return work()
    except RagError as error:
        raise gr.Error(str(error), title="", print_exception=False) from error


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
