"""The command line: light to import, documented, and clear about what is wrong."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rag.cli import app, main
from rag.config import Settings, load_settings
from rag.errors import ConfigError
from rag.index.records import manifest_digest, to_line
from rag.index.store import Store
from tests.fakes import HashEncoder

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(c.name or c.callback.__name__ for c in app.registered_commands if c.callback)


def run(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_importing_loads_nothing_heavy():
    code = "import sys, rag, rag.cli; print([m for m in sys.modules if '.' not in m])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not {"torch", "faiss", "gradio", "transformers", "jieba"} & set(eval_list(loaded.stdout))


def eval_list(text: str) -> list[str]:
    found: list[str] = json.loads(text.replace("'", '"'))
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(
    command: str, capsys: pytest.CaptureFixture[str]
):
    assert run(command, "--help") == 0
    assert "Usage" in capsys.readouterr().out
    for readme in ("README.md", "README.zh-CN.md"):
        assert f"rag {command}" in (ROOT / readme).read_text("utf-8")


def test_every_setting_stands_in_the_readme():
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text("utf-8")
        for name in Settings.model_fields:
            assert f"`{name}`" in text, (readme, name)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("articles", "nowhere.md"), ("nowhere.md", "no file")),
        (("articles", "{tmp}/empty.md"), ("empty.md", "empty")),
        (("articles", "{tmp}/binary.md"), ("binary.md", "binary")),
        (("status", "--index", "{tmp}/none"), ("none", "rag build")),
        (("ask",), ("QUESTION", "--batch")),
        (("ask", "--batch", "{tmp}/none.jsonl"), ("none.jsonl",)),
        (("chat", "--port", "99999"), ("port",)),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "binary.md").write_bytes(b"\x00\x01\x02")
    assert run(*(a.format(tmp=tmp_path) for a in arguments)) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert all(word in line for word in words)
    assert "Traceback" not in line


def test_port_in_use(capsys: pytest.CaptureFixture[str]):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("chat", "--port", str(port)) == 2
    line = capsys.readouterr().err
    assert str(port) in line and "--port" in line


def test_articles_prints_what_was_found(tiny_corpus: Path, capsys: pytest.CaptureFixture[str]):
    assert run("articles", "2024-05-01-a", "--corpus", str(tiny_corpus)) == 0
    assert "云岭科技园迎来首批企业" in capsys.readouterr().out
    assert run("articles", str(tiny_corpus / "2024-05-01-a.md"), "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert row["reporters"] == ["甘棠"]
    assert row["sections"][0]["heading"] == "人才政策"
    assert row["characters"] == len(row["text"])


class TestSettings:
    def test_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "rag.toml").write_text("port = 1001\nsources = 5\n")
        assert load_settings().port == 1001
        monkeypatch.setenv("RAG_PORT", "1002")
        assert load_settings().port == 1002
        assert load_settings(port=1003).port == 1003
        assert load_settings(port=None).sources == 5

    @pytest.mark.parametrize(
        ("text", "word"), [("prot = 1\n", "prot"), ("port = 0\n", "port"), ("port =", "rag.toml")]
    )
    def test_bad_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, word: str):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "rag.toml").write_text(text)
        with pytest.raises(ConfigError, match=word):
            load_settings()

    def test_unknown_in_the_environment(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("RAG_SAUCES", "3")
        with pytest.raises(ConfigError, match="RAG_SAUCES"):
            load_settings()


class TestIndexCommands:
    @pytest.fixture
    def folders(
        self, tmp_path: Path, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> list[str]:
        monkeypatch.setattr(
            "rag.models.encoder.SentenceEncoder.open", lambda *_arguments: HashEncoder()
        )
        return ["--corpus", str(tiny_corpus), "--index", str(tmp_path / "index")]

    def test_dry_run(
        self, folders: list[str], tiny_corpus: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert run("build", *folders) == 0
        (tiny_corpus / "2024-05-01-a.md").rename(tiny_corpus / "2024-05-01-c.md")
        (tiny_corpus / "d.md").write_text("# 题\n\n正文一句。\n", "utf-8")
        (tiny_corpus / "bad.md").write_bytes(b"\x00")
        capsys.readouterr()
        for _ in range(2):
            assert run("build", "--dry-run", *folders) == 0
            lines = capsys.readouterr().out.splitlines()
            assert lines[-2] == "2 new, 0 changed, 0 removed, 1 renamed, 1 unchanged files"
            assert "4 passages: 1 to embed" in lines[-1]
            assert "renamed   2024-05-01-a.md -> 2024-05-01-c.md" in lines
            assert any(line.startswith("skipped   bad.md: ") for line in lines)

    def test_status_and_rollback(
        self, folders: list[str], tiny_corpus: Path, capsys: pytest.CaptureFixture[str]
    ):
        index = folders[2:]
        assert run("build", *folders) == 0
        assert run("rollback", *index) == 2
        assert "no generation to go back to" in capsys.readouterr().err
        (tiny_corpus / "d.md").write_text("# 题\n\n正文一句。\n", "utf-8")
        assert run("build", *folders) == 0
        assert run("rollback", *index) == 0
        capsys.readouterr()
        assert run("status", *index, "--json") == 0
        row = json.loads(capsys.readouterr().out)
        assert [(g["articles"], g["in_use"]) for g in row["generations"]] == [(2, True), (3, False)]
        assert run("status", *index) == 0
        generations = [x for x in capsys.readouterr().out.splitlines() if x.startswith("gen")]
        assert [line.endswith("in use") for line in generations] == [True, False]
        assert run("build", *folders) == 0
        assert "3 articles" in capsys.readouterr().err


class TestWithRealModels:
    @pytest.fixture(scope="class")
    def index(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        index = tmp_path_factory.mktemp("real") / "index"
        assert run("build", "--corpus", str(ROOT / "corpus"), "--index", str(index)) == 0
        return index

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

    def test_ask_batch(self, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
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

    def test_index_of_another_encoder(self, index: Path, capsys: pytest.CaptureFixture[str]):
        copy = index.parent / "copied"
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
