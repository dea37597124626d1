"""An index built step by step with the real encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.config import Settings
from rag.index.build import build
from rag.retrieve.search import Search
from tests.support.samples import (
    QUESTIONS,
    SENTENCES,
    load,
    page,
    write,
)


@pytest.fixture
def settings(tmp_path: Path, tiny_corpus: Path) -> Settings:
    return Settings(corpus=tiny_corpus, index=tmp_path / "index")


class TestIncremental:
    def test_equal_with_the_real_encoder(self, settings: Settings, real_encoder, tmp_path: Path):
        build(settings, real_encoder)
        write(settings, "c.md", page("岭上一号下线", *SENTENCES))
        (settings.corpus / "2024-06-01-b.md").rename(settings.corpus / "2024-06-02-b.md")
        build(settings, real_encoder)
        other = settings.model_copy(update={"index": tmp_path / "other"})
        build(other, real_encoder)
        ours, fresh = load(settings), load(other)
        assert list(ours.passages) == list(fresh.passages)
        for row in range(len(fresh.passages)):
            assert ours.vector(row) == pytest.approx(fresh.vector(row), abs=0.02)
        for question in QUESTIONS:
            hits = [Search(s, real_encoder, settings).search(question, 3) for s in (ours, fresh)]
            assert [h.score for h in hits[0]] == pytest.approx([h.score for h in hits[1]], abs=0.02)
