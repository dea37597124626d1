"""Every error that a page may show is said in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from rag import upkeep
from rag.web.reasons import reason
from tests.support.paths import ROOT

ERRORS = {
    *("StoreError", "IndexMissing", "IndexDamaged", "IndexMismatch", "StoreBusy", "NotReady"),
    *("ModelError", "QuestionError", "CorpusError"),
}
FOLDERS = ("index", "models", "retrieve/search.py", "live.py", "answer/assistant.py", "wiring.py")
# Of a file of weights that is no such file: told in the log alone, and of rag import.
BARE = ("the encoder's file", "the generator's file", "7 holds a 7 instead of a 7")
CHINESE = re.compile("[一-鿿]")


def messages() -> Iterator[str]:
    """What the sources raise, with 7 in the place of what is filled in."""
    for name in FOLDERS:
        path = ROOT / "rag" / name
        for source in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(source.read_text("utf-8"))):
                called = node.func if isinstance(node, ast.Call) else None
                if isinstance(called, ast.Name) and called.id in ERRORS and node.args:
                    yield _text(node.args[0])
    yield upkeep.STOPPED


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_filled(value) for value in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _filled(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    name = ast.unparse(value)
    return "run `rag build`" if "REBUILD" in name else "7"


@pytest.mark.parametrize("message", sorted({m for m in messages() if m}))
def test_is_said_in_chinese(message: str):
    if message.startswith(BARE):
        pytest.skip("not shown in a page")
    assert CHINESE.search(reason(message)), message


def test_enough_of_them_are_read():
    assert len({m for m in messages() if m}) > 40


def test_what_matters_is_kept():
    assert reason("the question has 700 characters; 500 are the most, shorten it") == (
        "问题有 700 字，最多 500 字；请缩短后再问"
    )
    told = "cannot write the index in /a b: [Errno 28] No space left; free some space, and so on"
    assert reason(told) == "索引写不进 /a b（[Errno 28] No space left）；请腾出空间，或检查权限"
