"""The languages of the page: every word has its English, and English stands where it should."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from rag.web.language import (
    CHINESE,
    COOKIE,
    ENGLISH,
    _forms,
    preferred,
    speaking,
    words,
)
from tests.support.paths import ROOT

WEB = ROOT / "rag" / "web"
KNOWN: dict[str, str | list[str]] = json.loads((WEB / "english.json").read_text("utf-8"))
HAN = re.compile("[\u4e00-\u9fff]")
ELSEWHERE = ("answer/verify.py", "answer/compose.py", "evaluate/rows.py", "evaluate/summary.py")
"""Modules that say things in Chinese which the page shows."""
ENGLISH_TOO = ("reasons.py", "language.py", "server.py")
"""Modules whose Chinese is no key: messages that are English at first, names, the console."""


def texts(path: Path) -> Iterator[str]:
    """What a module says in Chinese: its literals, with {} where something is filled in."""
    tree = ast.parse(path.read_text("utf-8"))
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    parts = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in docs | parts else node.value
        else:
            continue
        if HAN.search(text):
            yield text


def bare(text: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", text)


def names(text: str) -> set[str]:
    return {name.split(".")[0] for _, name, _, _ in Formatter().parse(text) if name}


def test_all_that_the_page_says_has_its_english() -> None:
    said = {
        text for path in WEB.glob("*.py") if path.name not in ENGLISH_TOO for text in texts(path)
    }
    assert len(said) > 200
    assert said <= set(KNOWN)


def test_all_that_scripts_say_has_its_english() -> None:
    said = set()
    for path in (*WEB.glob("static/*.js"), *WEB.glob("static/*.html"), *WEB.glob("static/*.css")):
        text = re.sub(r"(?m)(?:^|\s)//.*$|/\*.*?\*/", "", path.read_text("utf-8"))
        if path.name == "shortcuts.js":
            text = re.sub("const SAME = .*", "", text)
        found = re.findall(r'"([^"\n]*[\u4e00-\u9fff][^"\n]*)"', text)
        assert HAN.search(re.sub(r'"[^"\n]*"', "", text)) is None, (
            f"{path.name}: outside of words()"
        )
        said |= set(found)
    assert len(said) > 25
    assert said <= set(KNOWN)


def test_what_other_modules_say_to_the_page_has_its_english_and_nothing_else_is_kept() -> None:
    forms = {bare(key) for key in KNOWN}
    reasons = [
        text
        for name in ELSEWHERE[:2]
        for text in texts(ROOT / "rag" / name)
        if not re.search(r"[|?]", text)  # expressions
    ]
    assert len(reasons) > 12
    assert {bare(text) for text in reasons} <= forms | {"关于“{}”，{}"}
    every = {bare(text) for path in (ROOT / "rag").rglob("*.py") for text in texts(path)}
    every |= {f"{{}} {{}} {trend}" for trend in ("好转", "变差")}
    scripts = "\n".join(path.read_text("utf-8") for path in WEB.glob("static/*.*"))
    spare = [
        key
        for key in KNOWN
        if HAN.search(key) and bare(key) not in every and f'"{key}"' not in scripts
    ]
    assert all(key.startswith(("{step}", "{spent}")) for key in spare), spare


@pytest.mark.parametrize("key", KNOWN)
def test_both_languages_fill_in_the_same(key: str) -> None:
    forms = KNOWN[key]
    for form in [forms] if isinstance(forms, str) else forms:
        assert names(form) == names(key)
        assert form and not HAN.search(form)
    assert isinstance(forms, str) or len(forms) == 2


def test_words_are_said_in_the_language_of_the_moment() -> None:
    day = date(2024, 5, 6)
    assert words("停止") == "停止"
    assert words("{day.year}年{day.month}月{day.day}日", day=day) == "2024年5月6日"
    with speaking(ENGLISH):
        assert words("停止") == "Stop"
        assert words("{n} 篇", n=1) == "1 article"
        assert words("{n} 篇", n=12) == "12 articles"
        assert words("{day.year}年{day.month}月{day.day}日", day=day) == "2024-05-06"
        assert words("读作：{question}", question="{x}<b>") == "Read as: {x}<b>"
        with speaking(CHINESE):
            assert words("{n} 篇", n=1) == "1 篇"
    assert words("停止") == "停止"


def test_a_text_cannot_be_made_to_be_tried_in_many_ways() -> None:
    """What a browser kept is read by these: no hole is followed by what it may hold itself."""
    for form, key in _forms():
        assert ".+" not in form.pattern.removesuffix(".+)"), key


@pytest.mark.parametrize(
    ("accepted", "cookie", "language"),
    [
        ("", "", CHINESE),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", CHINESE),
        ("en-US,en;q=0.9", "", ENGLISH),
        ("fr;q=0.9, en;q=0.2, zh;q=0.5", "", CHINESE),
        ("fr, de", "", CHINESE),
        ("zh;q=0, en", "", ENGLISH),
        ("en;q=x, zh;q=2", "", ENGLISH),
        ("en-US", "zh-CN", CHINESE),
        ("zh-CN", "en", ENGLISH),
        ("zh-CN", "<script>", CHINESE),
    ],
)
def test_the_language_is_as_chosen_else_as_the_browsers(
    accepted: str, cookie: str, language: str
) -> None:
    headers = {"accept-language": accepted, "cookie": f"a=b; {COOKIE}={cookie}" if cookie else ""}
    assert preferred({k: v for k, v in headers.items() if v}) == language
