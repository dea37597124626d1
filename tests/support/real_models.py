"""Fixtures: the real models, opened once a session and worker from the cache folder."""

from __future__ import annotations

import os

import pytest

from rag.config import Settings, load_settings
from rag.index.build import build
from rag.models.bundled import ENCODER, GENERATOR, BundledModel
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.models.unpack import state
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def real_settings() -> Settings:
    """Settings that name the bundled models, with the user's own cache folder."""
    # beside another worker a second thread of the models would only be in its way
    threads = 1 if "PYTEST_XDIST_WORKER" in os.environ else 0
    return load_settings(encoder="bundled", generator="bundled", threads=threads)


@pytest.fixture(scope="session")
def real_encoder(real_settings: Settings) -> SentenceEncoder:
    """The bundled encoder."""
    _need(ENCODER, real_settings)
    return SentenceEncoder.open(real_settings)


@pytest.fixture(scope="session")
def real_generator(real_settings: Settings) -> TransformersGenerator:
    """The bundled generator."""
    _need(GENERATOR, real_settings)
    return TransformersGenerator.open(real_settings)


@pytest.fixture(scope="session")
def sample_index(
    real_encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The sample issues, indexed by the bundled encoder; not to be written to."""
    index = tmp_path_factory.mktemp("sample") / "index"
    settings = load_settings(corpus=ROOT / "corpus", index=index)
    build(settings, real_encoder)
    return settings


@pytest.fixture
def opened_models(
    real_encoder: SentenceEncoder,
    real_generator: TransformersGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Commands get the models that are open instead of opening their own."""
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_arguments: real_encoder)
    monkeypatch.setattr(TransformersGenerator, "open", lambda *_arguments: real_generator)


def _need(model: BundledModel, settings: Settings) -> None:
    if state(model, settings.cache_dir).where == "absent":
        pytest.skip(f"{model.title} is not here; run: {model.install}")
