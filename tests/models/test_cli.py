"""The command line with the real models."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rag.config import Settings
from rag.index.records import manifest_digest, to_line
from rag.index.store import Store
from tests.support.command import run
from tests.support.paths import ROOT


class TestWithRealModels:
    @pytest.fixture
    def index(self, sample_index: Settings) -> Path:
        return sample_index.index

    def test_status(self, index: Path, capsys: pytest.CaptureFixture[str]):
        assert run("status", "--index", str(index), "--json") == 0
        row = json.loads(capsys.readouterr().out)
        assert row["issues"] == len(list((ROOT / "corpus").iterdir()))
        assert row["articles"] > 20 and row["passages"] > row["articles"]
        assert row["unreadable"] == []

    def test_second_build_finds_nothing_to_do(
        self, index: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert run("build", "--corpus", str(ROOT / "corpus"), "--index", str(index)) == 0
        assert "up to date" in capsys.readouterr().err

    def test_search(self, index: Path, capsys: pytest.CaptureFixture[str]):
        question = "辽宁黄海实验室签订了多少项横向合同？"
        assert run("search", question, "-k", "3", "--index", str(index), "--json") == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len(rows) == 3
        assert "17项" in rows[0]["text"]

    def test_ask_batch(
        self,
        index: Path,
        tmp_path: Path,
        opened_models: None,
        capsys: pytest.CaptureFixture[str],
    ):
        batch = tmp_path / "questions.jsonl"
        batch.write_text(
            '{"id": 1, "question": "辽宁黄海实验室签订了多少项横向开发合同？"}\n'
            "oops\n"
            '{"id": 3, "question": "火星上的殖民地有多少居民？"}\n',
            "utf-8",
        )
        assert run("ask", "--batch", str(batch), "--index", str(index)) == 0
        found, bad, refused = [json.loads(x) for x in capsys.readouterr().out.splitlines()]
        assert "17" in found["answer"]
        assert found["citations"][0]["issue"] == "2024-09-18-parks"
        assert "error" in bad
        assert refused["refused"] is True

    def test_index_of_another_encoder(
        self, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        copy = tmp_path / "copied"
        shutil.copytree(index, copy)
        store = Store(copy)
        manifest = replace(store.manifest(), encoder="another")
        name = f"000001-{manifest_digest(manifest)}"
        folder = (store.generations / manifest.version).rename(store.generations / name)
        (folder / "manifest.json").write_bytes(to_line(replace(manifest, version=name)))
        store.point_to(name)
        assert run("search", "园区", "--index", str(copy)) == 2
        line = capsys.readouterr().err
        assert "another" in line and "rag build" in line
