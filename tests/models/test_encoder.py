"""The real encoder keeps the contract, and what is its own."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rag.config import Settings
from rag.models.bundled import ENCODER
from rag.models.encoder import Encoder, SentenceEncoder, fingerprinted
from rag.models.unpack import folder_of
from tests.support.contracts import QUESTION, RELATED, EncoderContract


class TestSentenceEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self, real_encoder: SentenceEncoder) -> Encoder:
        return real_encoder


def test_golden_vector(real_encoder: SentenceEncoder) -> None:
    # from the package's own engine, an independent program; it rounds activations to 8 bits
    golden = [0.0589, -0.0130, -0.0152, 0.0263, 0.0558, -0.0694, 0.0260, 0.0527]
    vector = real_encoder.encode_queries([QUESTION])[0]
    np.testing.assert_allclose(vector[:8], golden, atol=0.004)


def test_name_holds_the_hash(real_encoder: SentenceEncoder) -> None:
    assert real_encoder.name == f"multilingual-e5-small-q4@{ENCODER.sha256[:8]}"
    assert real_encoder.dimensions == 384


def test_question_and_passage_differ(real_encoder: SentenceEncoder) -> None:
    question, passage = (
        real_encoder.encode_queries([RELATED]),
        real_encoder.encode_passages([RELATED]),
    )
    assert 0.8 < float((question * passage).sum()) < 0.999


def test_line_breaks_and_odd_spaces_count_as_spaces(real_encoder: SentenceEncoder) -> None:
    vectors = real_encoder.encode_passages(
        ["园区 企业", "园区\n企业", "园区　 \t企业", " 园区 企业 "]
    )
    assert (vectors @ vectors[0]).min() > 0.9999


def test_threads_may_share_it(real_encoder: SentenceEncoder) -> None:
    texts = [RELATED[n:] for n in range(8)]
    alone = real_encoder.encode_passages(texts)
    with ThreadPoolExecutor(4) as pool:
        for shared in pool.map(lambda _: real_encoder.encode_passages(texts), range(8)):
            np.testing.assert_array_equal(shared, alone)


def test_folder_without_network(
    real_encoder: SentenceEncoder, real_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    folder = str(folder_of(ENCODER, real_settings.cache_dir))
    other = SentenceEncoder.open(real_settings.model_copy(update={"encoder": folder}))
    assert other.name == fingerprinted(folder)
    np.testing.assert_allclose(
        other.encode_queries([QUESTION]), real_encoder.encode_queries([QUESTION]), atol=1e-6
    )
