"""The named endpoints, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from rag.answer.export import answer_to_dict, hit_to_dict
from tests.support.scripted_backend import REFUSAL, ScriptedBackend, serving


@pytest.fixture(scope="module")
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture(scope="module")
def client(backend: ScriptedBackend) -> Iterator[Client]:
    with serving(backend) as url:
        yield Client(url, verbose=False)


def test_ask_answers_over_the_api(client: Client, backend: ScriptedBackend) -> None:
    told = client.predict("备案有多少？", ["先前的问题"], api_name="/ask")
    assert told == answer_to_dict(backend.ask("备案有多少？"))
    assert ("备案有多少？", ("先前的问题",)) in backend.asked
    assert client.predict("明天天气？", api_name="/ask")["answer"] == REFUSAL


def test_search_finds_over_the_api(client: Client, backend: ScriptedBackend) -> None:
    assert client.predict("备案", 3, api_name="/search") == [
        hit_to_dict(hit) for hit in backend.search("备案", 3)
    ]
    assert client.predict("备案", api_name="/search")


@pytest.mark.parametrize(
    ("endpoint", "arguments", "said"),
    [
        ("/ask", ["  "], "the question is empty; type one"),
        ("/ask", ["问" * 10_000], "the question has 10000 characters; shorten it"),
        ("/ask", ["损坏"], "manifest.json</b> is missing; run `rag build`"),
        ("/ask", [{"a": 1}], "question is dict; give text"),
        ("/ask", ["问", "先前"], "history is not a list of texts"),
        ("/ask", ["问", [1]], "history is not a list of texts"),
        ("/ask", ["问", ["先前"] * 51], "history has 51 questions; give at most 50"),
        ("/search", ["备案", 0], "k is 0; give a whole number from 1 to 50"),
        ("/search", ["备案", "x"], "k is 'x'; give a whole number from 1 to 50"),
        ("/search", [""], "the question is empty"),
    ],
)
def test_the_api_says_what_is_wrong_in_one_line(
    client: Client, endpoint: str, arguments: list[object], said: str
) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(*arguments, api_name=endpoint)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_api_shows_the_named_endpoints_alone(client: Client) -> None:
    shown = client.view_api(return_format="dict", print_info=False)
    assert isinstance(shown, dict)
    assert set(shown["named_endpoints"]) == {"/ask", "/search"}
    assert not shown["unnamed_endpoints"]
