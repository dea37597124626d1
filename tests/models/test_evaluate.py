"""The written example of cases, asked of the real models."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.evaluate.cases import read_cases, written_example
from rag.evaluate.run import run_case
from rag.index.store import Store
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.retrieve.search import Search


@pytest.mark.long  # the tagged sample questions go through the same models in every run
def test_the_example_passes_on_the_sample_issues(
    tmp_path: Path,
    sample_index: Settings,
    real_encoder: SentenceEncoder,
    real_generator: TransformersGenerator,
):
    snapshot = Store(sample_index.index).load(sample_index.cache_dir)
    assistant = Assistant(Search(snapshot, real_encoder, sample_index), real_generator)
    for case in read_cases([written_example(tmp_path / "cases.yaml")]):
        result = run_case(case, assistant, assistant)
        assert result.passed, (case.id, result.why, result.answer and result.answer["answer"])
