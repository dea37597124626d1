"""The languages of the page: every word has its English, and English stands where it should."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.users import Users
from rag.web.language import (
    CHINESE,
    COOKIE,
    ENGLISH,
    _forms,
    composed,
    preferred,
    speaking,
    words,
)
from tests.conftest import ROOT
from tests.scripted_backend import ScriptedBackend, serving
from tests.test_browser import (  # noqa: F401
    CHROMIUM,
    PATIENCE,
    ask,
    backend,
    browser,
    expect_answered,
    last_turn,
    open_page,
    url,
)

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


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("资料中没有支持这句话的句子", "no sentence of the sources supports it"),
        ("引文中没有这个数字：15个", "the citation lacks this figure: 15个"),
        ("引文中的27个说的不是平台", "27个 in the citation does not count 平台"),
        (
            "引文没有把4月和5万平方米放在一起说",
            "no citation tells 4月 and 5万平方米 together",
        ),
        ("资料很可能没有答案（把握 4%）", "the sources most likely hold no answer (confidence 4%)"),
        ("↑ +1.3 个百分点 好转", "↑ +1.3 points, better"),
        ("0.52 秒", "0.52 s"),
        ("这里没有", "这里没有"),
    ],
)
def test_what_was_composed_elsewhere_is_put_into_english(said: str, english: str) -> None:
    assert composed(said) == said
    with speaking(ENGLISH):
        assert composed(said) == english


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


def test_the_page_is_told_its_language_before_it_starts(url: str) -> None:  # noqa: F811
    english = httpx.get(url, headers={"accept-language": "en"}).text
    assert "documentElement.lang = 'en'" in english
    assert english.index("documentElement.lang = 'en'") < english.index("gradio_config")
    assert "documentElement.lang = 'zh-CN'" in httpx.get(url).text


def test_the_login_is_asked_for_in_the_visitors_language(tmp_path: Path) -> None:
    scripted = ScriptedBackend()
    users = tmp_path / "users.json"
    Users.load(users).add("lin", "a long enough password")
    scripted.settings = scripted.settings.model_copy(update={"users": users})
    with serving(scripted) as address:
        form = httpx.get(f"{address}/login", headers={"accept-language": "en"}).text
        assert '<html lang="en">' in form
        assert not HAN.search(form.split("</style>")[-1])
        sent = {"username": "lin", "password": "wrong"}
        wrong = httpx.post(f"{address}/login", data=sent, headers={"accept-language": "en"})
        assert "The name or the password is wrong." in wrong.text
        assert "名字或密码不对。" in httpx.post(f"{address}/login", data=sent).text


# The page itself
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
CHINESE_LEFT = """() => {
    const found = [];
    const han = /[\\u4e00-\\u9fff]/;
    const skip = (node) => node.closest('[lang="zh-CN"], script, style, .choices, [data-store]');
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const { parentElement: parent, textContent: text } = walk.currentNode;
        if (han.test(text) && !skip(parent)) found.push(text.trim());
    }
    for (const node of document.querySelectorAll("body *")) {
        for (const name of ["aria-label", "title", "placeholder", "data-shut", "alt"]) {
            const text = node.getAttribute(name);
            if (text && han.test(text) && !skip(node)) found.push(`${name}: ${text}`);
        }
    }
    return found;
}"""


@pytest.fixture
def english(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    opened = browser.new_context(
        locale="en-GB", viewport={"width": 1360, "height": 850}, reduced_motion="reduce"
    )
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


def left_in_chinese(page: Page, backend: ScriptedBackend) -> list[str]:  # noqa: F811
    """What is said in Chinese and comes neither from the corpus nor from a question."""
    data = [question for question, _ in backend.asked]  # which name the chats
    data += [backend.long.paper, backend.long.headline, backend.long.page, "甲某", "南湖园区"]
    data += [backend.long.column, backend.long.kicker]
    left = []
    for text in page.evaluate(CHINESE_LEFT):
        for one in filter(None, data):
            text = text.replace(one, "")
        if HAN.search(text):
            left.append(text[:80])
    return left


@needs_browser
def test_an_english_browser_gets_an_english_page(
    english: BrowserContext,
    url: str,  # noqa: F811
    backend: ScriptedBackend,  # noqa: F811
) -> None:
    backend.nasty = backend.long  # whose texts are all known
    page = open_page(english, url)
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(page).to_have_title("Ask the newspaper")
    expect(page.locator("#box textarea")).to_have_attribute("placeholder", "Write a question")
    expect(page.locator("#send")).to_have_text("Ask")
    ask(page, "南湖园区有多少个算法通过备案？")
    expect_answered(page, "南湖园区有多少个算法通过备案？")
    turn = last_turn(page)
    expect(turn.locator(".steps")).to_contain_text("Search")
    expect(turn.locator(".verified").first).to_have_attribute(
        "aria-label", "Checked against the source"
    )
    turn.locator("button.cite").first.click()
    expect(page.locator("#panel mark").first).to_be_visible()
    turn.locator("[data-act=down]").click()
    expect(turn.locator(".why legend")).to_have_text("What is wrong?")
    page.get_by_role("button", name="Scope").click()
    expect(page.locator("#limits form")).to_be_visible()
    assert left_in_chinese(page, backend) == []
    page.locator("#limits [data-limit=close]").click()
    ask(page, "明天天气怎么样？")
    expect_answered(page, "明天天气怎么样？")
    expect(last_turn(page).locator(".refused")).to_be_visible()
    page.locator("[data-talks=toggle]").click()
    expect(page.locator("#talk-list .entries")).to_contain_text("Today")
    page.locator("[data-talks=close]").click()
    page.locator("[data-keys]").click()
    expect(page.locator("#shortcuts")).to_contain_text("next citation")
    page.keyboard.press("Escape")
    for pane in ("Library", "Tests"):
        page.get_by_role("tab", name=pane).click()
        assert left_in_chinese(page, backend) == []


@needs_browser
def test_the_language_is_chosen_in_the_settings_and_the_conversation_stays(
    english: BrowserContext,
    url: str,  # noqa: F811
) -> None:
    page = open_page(english, url)
    ask(page, "园区有多少个算法？")
    expect_answered(page, "园区有多少个算法？")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="中文").click()
    expect(page.locator("#send")).to_have_text("提问")
    expect(page.locator("#past .question, #live .question")).to_have_text("园区有多少个算法？")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.reload()
    expect(page.locator("#send")).to_have_text("提问")
    page.get_by_role("button", name="设置").click()
    expect(page.locator("input[name=language][value=zh-CN]")).to_be_checked()
    page.get_by_role("radio", name="English").click()
    expect(page.locator("#send")).to_have_text("Ask")
