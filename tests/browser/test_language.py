"""The page in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.users import Users
from rag.web.language import (
    ENGLISH,
    composed,
    speaking,
)
from tests.support.driver import PATIENCE, ask, expect_answered, last_turn, open_page
from tests.support.scripted_backend import ScriptedBackend, serving

HAN = re.compile("[\u4e00-\u9fff]")


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


def test_the_page_is_told_its_language_before_it_starts(url: str) -> None:
    english = httpx.get(url, headers={"accept-language": "en"}).text
    assert "documentElement.lang = 'en'" in english
    assert english.index("documentElement.lang = 'en'") < english.index("gradio_config")
    assert "documentElement.lang = 'zh-CN'" in httpx.get(url).text


@pytest.fixture
def english(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        locale="en-GB", viewport={"width": 1360, "height": 850}, reduced_motion="reduce"
    )
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


def left_in_chinese(page: Page, backend: ScriptedBackend) -> list[str]:
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


def test_an_english_browser_gets_an_english_page(
    english: BrowserContext,
    backend: ScriptedBackend,
) -> None:
    backend.nasty = backend.long  # whose texts are all known
    with serving(backend) as url:
        english_page_is_english(open_page(english, url), backend)


def english_page_is_english(page: Page, backend: ScriptedBackend) -> None:
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


@pytest.mark.long
def test_the_language_is_chosen_in_the_settings_and_the_conversation_stays(
    english: BrowserContext,
    url: str,
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
