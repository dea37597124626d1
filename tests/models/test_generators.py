"""Two real generators, opened when they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import ModelError
from rag.index.build import build
from rag.index.store import Store
from rag.index.watch import Changes
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.models.generators import OtherGenerators
from rag.models.unpack import state
from rag.retrieve.search import Search
from rag.types import USUAL, Effort
from rag.wiring import open_living

QUESTION, SAID = "白沙高新区的中试基地占地多少亩？", "中试基地占地120亩。"


# With weights


@pytest.mark.parametrize("name", ["no/such", pytest.param(".", marks=pytest.mark.long)])
def test_one_that_is_not_there_leaves_the_real_one_working(
    real_encoder: SentenceEncoder,
    real_generator: TransformersGenerator,
    real_settings: Settings,
    tiny_corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    others = OtherGenerators(
        (name,),
        lambda one: TransformersGenerator.open(real_settings.model_copy(update={"generator": one})),
    )
    assistant = Assistant(
        _search(real_encoder, real_settings, tiny_corpus, tmp_path), real_generator, others
    )
    with pytest.raises(ModelError, match=f"generator {name} cannot be loaded .*; or choose"):
        assistant.ask(QUESTION, effort=Effort(generator=name))
    assert "120亩" in assistant.ask(QUESTION).text


@pytest.mark.long
def test_two_real_ones_answer_in_turn(
    real_encoder: SentenceEncoder,
    real_generator: TransformersGenerator,
    real_settings: Settings,
    tiny_corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rag.models.bundled import GENERATOR

    folder = str(state(GENERATOR, real_settings.cache_dir).folder)
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_arguments: real_encoder)
    settings = real_settings.model_copy(
        update={"corpus": tiny_corpus, "index": tmp_path / "index", "generators": (folder,)}
    )
    live, upkeep = open_living(settings, lambda _line: None)
    upkeep.step(Changes(new=("all",)))
    for effort, name in ((USUAL, GENERATOR.id), (Effort(generator=folder), folder)):
        answer = live.ask(QUESTION, effort=effort)
        assert answer.generator == name
        assert "120亩" in answer.text and not answer.refused
        assert all(one.quote in live.article(one.article_id).text for one in answer.citations)


def _search(encoder: SentenceEncoder, settings: Settings, corpus: Path, folder: Path) -> Search:
    here = settings.model_copy(update={"corpus": corpus, "index": folder / "index"})
    build(here, encoder)
    return Search(Store(here.index).load(here.cache_dir, encoder.name), encoder, here)
