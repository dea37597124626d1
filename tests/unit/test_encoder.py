"""The fake encoder keeps the contract; names and prompts of real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.models.encoder import Encoder, fingerprinted, prompts
from tests.support.contracts import EncoderContract
from tests.support.fakes import HashEncoder


class TestHashEncoder(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return HashEncoder()


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
