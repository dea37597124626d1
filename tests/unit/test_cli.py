"""The command line: light to import, documented, and clear about what is wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rag.cli import app
from rag.config import Settings, load_settings
from rag.errors import ConfigError
from tests.support.command import run
from tests.support.fakes import HashEncoder
from tests.support.paths import ROOT

COMMANDS = sorted(c.name or c.callback.__name__ for c in app.registered_commands if c.callback)


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
