"""The real models, opened once a session from the shared cache folder."""

from __future__ import annotations

import pytest

from rag.config import Settings, load_settings
from rag.models.bundled import ENCODER, GENERATOR, BundledModel
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.models.unpack import state


@pytest.fixture(scope="session")
def real_settings() -> Settings:
    """Settings that name the bundled models, with the user's own cache folder."""
    return load_settings(encoder="bundled", generator="bundled")


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


def _need(model: BundledModel, settings: Settings) -> None:
    if state(model, settings.cache_dir).where == "absent":
        pytest.skip(f"{model.title} is not here; run: {model.install}")
