"""Fusing scores, searching and covering."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings
from rag.index.build import build
from rag.index.store import Store
from rag.retrieve.fuse import fuse, min_max
from rag.retrieve.retriever import Retriever
from tests.support.fakes import HashEncoder


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_min_max():
    assert min_max(floats(2, 4, 3)).tolist() == [0, 1, 0.5]
    assert min_max(floats(5, 5)).tolist() == [0, 0]
    assert min_max(floats()).tolist() == []


def test_fuse_arithmetic():
    # 0.7 * [0, 1, 0.5] + 0.3 * [1, 0, 0.5]
    assert fuse(floats(2, 4, 3), floats(0.9, 0.5, 0.7), 0.7) == pytest.approx([0.3, 0.7, 0.5])


@pytest.fixture
def retriever(tmp_path: Path, tiny_corpus: Path) -> Retriever:
    settings = Settings(corpus=tiny_corpus, index=tmp_path / "index")
    build(settings, HashEncoder())
    snapshot = Store(settings.index).load(settings.cache_dir)
    return Retriever(snapshot, HashEncoder(), settings)


def test_search_ranks_the_passage_asked_for(retriever: Retriever):
    hits = retriever.search("中试基地占地多少亩？", 10)
    assert "120亩" in hits[0].passage.text
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert hits[0].article.headline == "白沙高新区建成中试基地"
    assert len(retriever.search("博士补贴", 1)) == 1


def test_search_of_words_that_no_passage_holds(retriever: Retriever):
    assert all(hit.sparse == 0 for hit in retriever.search("zzz", 5))


def test_coverage(retriever: Retriever):
    hits = tuple(retriever.search("中试基地占地多少亩？", 3))
    assert retriever.coverage("中试基地占地多少亩？", hits) == pytest.approx(1)
    assert retriever.coverage("明天的天气怎么样？", hits) < 0.5
    assert retriever.coverage("多少？", hits) == 0
    assert retriever.coverage("中试基地", ()) == 0
