"""The encoder: one contract for the real one and for the fake, and what is the real one's own."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings
from rag.errors import ModelError
from rag.models.bundled import ENCODER
from rag.models.encoder import Encoder, SentenceEncoder, fingerprinted, prompts
from rag.models.unpack import folder_of
from tests.fakes import HashEncoder

QUESTION = "苏州工业园区累计有多少个算法通过备案？"
RELATED = "截至8月底，苏州工业园区累计有42个算法通过国家备案，占全省的31%。"
UNRELATED = "周末全省有雷阵雨，最高气温三十五度，市民出行请带伞。"
TEXTS = [RELATED, UNRELATED, "数字人民币", "3～5天，“小巨人”企业12家①\n二期明年开工", "a", ""]


@pytest.fixture(params=["fake", "real"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "fake":
        return HashEncoder()
    real: SentenceEncoder = request.getfixturevalue("real_encoder")
    return real


class TestContract:
    """What every encoder promises."""

    def test_shape_and_unit_rows(self, encoder: Encoder) -> None:
        texts = [text for text in TEXTS if text]
        for vectors in (encoder.encode_queries(texts), encoder.encode_passages(texts)):
            assert vectors.shape == (len(texts), encoder.dimensions)
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_no_texts(self, encoder: Encoder) -> None:
        assert encoder.encode_queries([]).shape == (0, encoder.dimensions)
        assert encoder.encode_passages([]).shape == (0, encoder.dimensions)

    def test_odd_texts(self, encoder: Encoder) -> None:
        vectors = encoder.encode_passages(["", " \n\t", "\ud83d", "\x00", "龘" * 3000])
        assert np.isfinite(vectors).all()

    def test_same_text_same_vector(self, encoder: Encoder) -> None:
        first, second = encoder.encode_passages(TEXTS), encoder.encode_passages(TEXTS)
        np.testing.assert_array_equal(first, second)

    def test_order_of_texts_does_not_matter(self, encoder: Encoder) -> None:
        texts = [RELATED[:n] for n in range(1, 30)]
        forward = encoder.encode_passages(texts)
        backward = encoder.encode_passages(texts[::-1])[::-1]
        assert (forward * backward).sum(axis=1).min() > 0.999

    def test_related_is_nearer(self, encoder: Encoder) -> None:
        question = encoder.encode_queries([QUESTION])[0]
        related, unrelated = encoder.encode_passages([RELATED, UNRELATED]) @ question
        assert related > unrelated

    def test_every_text_is_told_of(self, encoder: Encoder) -> None:
        told: list[int] = []
        encoder.encode_passages([RELATED] * 37, told.append)
        assert sum(told) == 37

    def test_name(self, encoder: Encoder) -> None:
        assert encoder.name


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


class TestFingerprint:
    """The name of a model in a local folder tells it from another put in its place."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "my-encoder"
        (folder / "1_Pooling").mkdir(parents=True)
        (folder / "config.json").write_text('{"hidden_size": 8}')
        (folder / "1_Pooling" / "config.json").write_text('{"mean": true}')
        (folder / "model.safetensors").write_bytes(bytes(8 << 20))
        (folder / "README.md").write_text("# Model")
        return folder

    def test_same_content_same_name_wherever_it_is(self, folder: Path) -> None:
        name = fingerprinted(str(folder))
        assert name.startswith("my-encoder@")
        other = folder.parent / "elsewhere" / "my-encoder"
        other.parent.mkdir()
        folder.rename(other)
        (other / "README.md").write_text("# Another text")
        (other / ".cache").mkdir()
        (other / ".cache" / "x.json").write_text("{}")
        assert fingerprinted(f"{other}/") == name

    @pytest.mark.parametrize("file", ["config.json", "1_Pooling/config.json", "model.safetensors"])
    def test_other_content_other_name(self, folder: Path, file: str) -> None:
        name = fingerprinted(str(folder))
        data = bytearray((folder / file).read_bytes())
        data[-1] ^= 1
        (folder / file).write_bytes(data)
        assert fingerprinted(str(folder)) != name

    def test_a_changed_layer_is_seen_between_first_and_last(self, folder: Path) -> None:
        name = fingerprinted(str(folder))
        with (folder / "model.safetensors").open("r+b") as weights:
            weights.seek(3 << 20)
            weights.write(b"\x01" * (1 << 20))
        assert fingerprinted(str(folder)) != name

    def test_other_length_other_name(self, folder: Path) -> None:
        name = fingerprinted(str(folder))
        with (folder / "model.safetensors").open("ab") as weights:
            weights.write(b"\x00")
        assert fingerprinted(str(folder)) != name

    def test_an_id_of_the_hub_stays(self) -> None:
        assert fingerprinted("intfloat/multilingual-e5-base") == "intfloat/multilingual-e5-base"

    def test_a_file_that_cannot_be_read(self, folder: Path) -> None:
        (folder / "tokenizer.json").symlink_to("nowhere")
        with pytest.raises(ModelError, match="my-encoder cannot be read .*RAG_ENCODER=bundled"):
            fingerprinted(str(folder))


@pytest.mark.parametrize(
    ("own", "source", "expected"),
    [
        ({"query": "q: ", "passage": "p: "}, "any/model", ("q: ", "p: ")),
        ({"query": "q: ", "document": "d: "}, "any/model", ("q: ", "d: ")),
        ({"query": "", "document": ""}, "intfloat/multilingual-e5-base", ("query: ", "passage: ")),
        ({}, "/models/multilingual-e5-large", ("query: ", "passage: ")),
        ({}, "BAAI/bge-small-zh-v1.5", ("为这个句子生成表示以用于检索相关文章：", "")),
        ({}, "BAAI/bge-m3", ("", "")),
    ],
)
def test_prompts(own: dict[str, str | None], source: str, expected: tuple[str, str]) -> None:
    assert prompts(own, source) == expected
