"""Questions that need no model: answered without one, and beside the line of those that do."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from rag.answer.assistant import Assistant
from rag.answer.prompt import REFUSAL
from rag.config import Settings
from rag.index.build import build
from rag.index.store import Store
from rag.models.encoder import Vectors
from rag.retrieve.search import Search
from rag.types import Answer, Draft, Filters
from rag.web.conversation import Conversation
from rag.web.handlers import Handlers
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing
from tests.support.loops import in_loop

CONTENT = "白沙高新区的中试基地占地多少亩？"
WITHOUT = [
    ("你好", {}, "你好！"),
    ("你能做什么？", {}, "我是报纸问答助手"),
    ("有哪些报道？", {}, "云岭科技园迎来首批企业"),
    ("桑榆写了哪几篇？", {}, "白沙高新区建成中试基地"),
    ("2019年5月的报道里，园区有多少家企业？", {}, REFUSAL),
    (CONTENT, {"until": date(2019, 1, 1)}, REFUSAL),
    (CONTENT, {"reporter": "甘棠", "issue": "2024-06-01-b"}, REFUSAL),
]
"""Questions, the filters that they are asked under, and what the answer holds."""


class Counting(HashEncoder):
    """Keeps what it encodes."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.passages: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.queries += texts
        return super().encode_passages(texts)


@pytest.fixture
def encoder() -> Counting:
    return Counting()


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(["中试基地占地120亩。"])


@pytest.fixture
def assistant(
    tmp_path: Path, tiny_corpus: Path, encoder: Counting, generator: ScriptedGenerator
) -> Assistant:
    settings = Settings(corpus=tiny_corpus, index=tmp_path / "index", abstain=willing(tmp_path))
    build(settings, encoder)
    snapshot = Store(settings.index).load(settings.cache_dir)
    return Assistant(Search(snapshot, encoder, settings), generator)


@pytest.mark.parametrize(("question", "filters", "said"), WITHOUT)
def test_no_model_runs(
    assistant: Assistant,
    encoder: Counting,
    generator: ScriptedGenerator,
    question: str,
    filters: dict[str, object],
    said: str,
):
    (answer,) = assistant.stream(question, filters=Filters(**filters))  # type: ignore[arg-type]
    assert isinstance(answer, Answer)
    assert said in answer.text
    assert answer.refused == (said == REFUSAL)
    assert not encoder.queries and not generator.prompts


def test_up_to_the_first_draft_none_does(
    assistant: Assistant, encoder: Counting, generator: ScriptedGenerator
):
    for question in (CONTENT, "总结《白沙高新区建成中试基地》这篇报道"):
        items = assistant.stream(question)
        encoder.queries.clear()
        generator.prompts.clear()
        assert next(items) == Draft("retrieve")
        assert not encoder.queries and not generator.prompts
        assert isinstance(list(items)[-1], Answer)


def test_a_question_is_encoded_once(assistant: Assistant, encoder: Counting):
    assistant.search(CONTENT)
    answer = assistant.ask(CONTENT)
    assistant.related(answer)
    assert encoder.queries.count(CONTENT) == 1
    assert len(encoder.queries) == len(set(encoder.queries))


def test_they_are_answered_while_another_is_being_answered(assistant: Assistant):
    handlers = Handlers(assistant)

    async def main() -> list[str]:
        shown = []
        with handlers.line.join():  # the models are taken, and stay so
            for question, _filters, _said in WITHOUT[:5]:
                conversation = Conversation()
                handlers.submit(question, conversation)
                *_views, last = [view async for view in handlers.answer(conversation)]
                shown.append(last)
                assert handlers.line.waiting == 0
            conversation = Conversation()
            handlers.submit(CONTENT, conversation)
            waits = handlers.answer(conversation)
            shown.append(await anext(waits))
            assert handlers.line.waiting == 1
            await waits.aclose()  # type: ignore[attr-defined]
        return shown

    *answered, waiting = in_loop(main())
    for view, (_question, _filters, said) in zip(answered, WITHOUT, strict=False):
        assert said in view
    assert "前面还有 1 个问题" in waiting


def test_a_place_is_left_where_the_page_goes_while_it_waits(assistant: Assistant):
    handlers, conversation = Handlers(assistant), Conversation()

    async def main() -> int:
        handlers.submit(CONTENT, conversation)
        with handlers.line.join():
            views = handlers.answer(conversation)
            await anext(views)
            task = asyncio.ensure_future(views.aclose())  # type: ignore[attr-defined]
            await task
            return handlers.line.waiting

    assert in_loop(main()) == 0
    assert conversation.current is not None and conversation.current.cancel.is_set()


def test_an_assistant_that_is_let_go_leaves_no_index_in_memory(
    tmp_path: Path, tiny_corpus: Path, generator: ScriptedGenerator
):
    """At once, not when the collector comes by: an exchanged index may be large."""
    settings = Settings(corpus=tiny_corpus, index=tmp_path / "index", abstain=willing(tmp_path))
    build(settings, HashEncoder())
    snapshot = Store(settings.index).load(settings.cache_dir)
    assistant = Assistant(Search(snapshot, HashEncoder(), settings), generator)
    for question in ("你好", CONTENT):
        assistant.ask(question)
    left = weakref.ref(snapshot)
    gc.disable()
    try:
        del snapshot, assistant
        assert left() is None
    finally:
        gc.enable()
