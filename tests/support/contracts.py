"""What every encoder and every generator promises, the real ones and the fakes alike.

A test module names a class `Test…` after one of these and gives it the fixture that it takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from rag.models.encoder import Encoder
from rag.models.generator import Generator, Message

QUESTION = "苏州工业园区累计有多少个算法通过备案？"
RELATED = "截至8月底，苏州工业园区累计有42个算法通过国家备案，占全省的31%。"
UNRELATED = "周末全省有雷阵雨，最高气温三十五度，市民出行请带伞。"
TEXTS = [RELATED, UNRELATED, "数字人民币", "3～5天，“小巨人”企业12家①\n二期明年开工", "a", ""]

SYSTEM = Message(
    "system",
    "只根据给出的资料回答问题，用一两句话直接作答。资料中没有答案时，只回答“资料中没有相关信息”。",
)
SOURCE = (
    "苏州工业园区大力发展人工智能产业。截至8月底，园区累计有42个算法通过国家备案，占全省的31%。"
)
ALGORITHMS = [
    SYSTEM,
    Message("user", f"资料：\n{SOURCE}\n\n问题：苏州工业园区累计有多少个算法通过备案？"),
]


class EncoderContract:
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


class GeneratorContract:
    """What every generator promises."""

    def test_pieces_are_never_empty_and_answer(self, generator: Generator) -> None:
        pieces = list(generator.stream(ALGORITHMS, max_tokens=60))
        assert len(pieces) > 1
        assert all(pieces)
        assert "42" in "".join(pieces)

    def test_same_prompt_same_text(self, generator: Generator) -> None:
        first, second = ("".join(generator.stream(ALGORITHMS, max_tokens=60)) for _ in range(2))
        assert first == second

    def test_max_tokens(self, generator: Generator) -> None:
        few = "".join(generator.stream(ALGORITHMS, max_tokens=2))
        more = "".join(generator.stream(ALGORITHMS, max_tokens=60))
        assert len(few) < len(more)
        assert more.startswith(few)

    def test_cancelled_before_it_began(self, generator: Generator) -> None:
        cancel = threading.Event()
        cancel.set()
        assert list(generator.stream(ALGORITHMS, max_tokens=60, cancel=cancel)) == []

    def test_cancelled_after_the_first_piece(self, generator: Generator) -> None:
        cancel = threading.Event()
        pieces = []
        for piece in generator.stream(ALGORITHMS, max_tokens=60, cancel=cancel):
            pieces.append(piece)
            cancel.set()
        assert len(pieces) <= 3  # what was under way when the event was set
        assert "".join(generator.stream(ALGORITHMS, max_tokens=60)).startswith("".join(pieces))

    def test_closing_leaves_it_ready(self, generator: Generator) -> None:
        stream = generator.stream(ALGORITHMS, max_tokens=60)
        assert isinstance(stream, Iterator)
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert "42" in "".join(generator.stream(ALGORITHMS, max_tokens=60))

    def test_name(self, generator: Generator) -> None:
        assert generator.name
