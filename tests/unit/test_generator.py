"""The fake generator keeps the contract."""

from __future__ import annotations

import pytest

from rag.models.generator import Generator
from tests.support.contracts import GeneratorContract
from tests.support.fakes import ScriptedGenerator


class TestScriptedGenerator(GeneratorContract):
    @pytest.fixture
    def generator(self) -> Generator:
        return ScriptedGenerator(["园区累计有42个算法通过国家备案，占全省的31%。"])
