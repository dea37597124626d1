"""The tab 评测 in the page: files, runs, reports, and who waits."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.web.evaluation_run import (
    LARGEST,
)
from tests.support.driver import ask, assert_same_origin, expect_answered, open_page
from tests.support.evaluations import (
    HOSTILE,
    RIGHT,
    SLOW,
    end_threads,
    jsonl,
    with_cases,
)
from tests.support.scripted_backend import NASTY, ScriptedBackend, serving


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[ScriptedBackend]:
    with with_cases(tmp_path) as scripted:
        yield scripted


@pytest.fixture
def url(backend: ScriptedBackend) -> Iterator[str]:
    with serving(backend) as address:
        yield address


def open_tab(page: Page) -> None:
    page.get_by_role("tab", name="评测").click()
    expect(page.locator("#start")).to_be_visible()
    expect(page.get_by_role("combobox", name="题目文件")).to_have_value(re.compile("."))


def choose(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="题目文件").click()
    page.get_by_role("option", name=name).click()


def test_tabs_are_reached_from_the_keyboard(context: BrowserContext, url: str) -> None:
    page = open_page(context, url)
    chat, evaluation = (page.get_by_role("tab", name=name) for name in ("问答", "评测"))
    expect(chat).to_have_attribute("aria-selected", "true")
    expect(page.locator("#evaluation")).to_be_hidden()
    for _ in range(4):
        page.keyboard.press("Tab")
        if chat.evaluate("node => node === document.activeElement"):
            break
    expect(chat).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(evaluation).to_be_focused()
    assert evaluation.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    expect(evaluation).to_have_attribute("aria-selected", "true")
    expect(chat).to_have_attribute("aria-selected", "false")
    expect(page.get_by_role("tabpanel", name="评测")).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(chat).to_be_focused()
    expect(page.get_by_role("tabpanel", name="问答")).to_be_visible()
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")


def test_a_file_is_run_and_its_report_downloaded(
    context: BrowserContext,
    url: str,
    backend: ScriptedBackend,
    tmp_path: Path,
) -> None:
    requests: list[str] = []
    page = open_page(context, url, requests)
    open_tab(page)
    choose(page, "slow.jsonl")
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".progress-of-run")).to_contain_text("已做 1 / 3 题，通过 1 题")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    page.get_by_role("tab", name="问答").click()
    ask(page, "备案有多少？")  # the chat is not held up
    expect_answered(page, "备案有多少？")
    page.get_by_role("tab", name="评测").click()
    backend.go.set()
    expect(page.locator(".verdict")).to_contain_text("3 题，通过 3 题（100.0%）")

    choose(page, "park.jsonl")
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".verdict")).to_contain_text("3 题，通过 2 题（66.7%）")
    row = page.locator(".metrics tbody tr").first
    expect(row.locator("th")).to_have_text("通过率")
    expect(row.locator("td")).to_have_text(["66.7 %", re.compile(r".+ – .+"), "3"])
    case = page.locator(".case")
    expect(case).to_have_count(1)
    for part in ("备案有几个？", "缺少：30个", "27个算法通过备案", "须引用其一"):
        expect(case).to_contain_text(part)
    expect(page.locator(".pictures svg").first).to_be_visible()

    with page.expect_download() as got:
        page.locator("#downloads").get_by_text("下载报告").click()
    assert got.value.suggested_filename == "report.html"
    written = Path(got.value.path()).read_text("utf-8")
    assert "备案有几个？" in written
    with page.expect_download() as got:
        page.locator("#downloads").get_by_text("下载数据").click()
    assert got.value.suggested_filename == "report.zip"
    with zipfile.ZipFile(got.value.path()) as archive:
        assert set(archive.namelist()) == {"report.json", "junit.xml", "summary.md"}
        assert json.loads(archive.read("report.json"))["metrics"]["passed"]["n"] == 3
    assert_same_origin(requests, url)


def test_files_are_uploaded_and_their_texts_stay_text(
    context: BrowserContext,
    url: str,
) -> None:
    page = open_page(context, url)
    open_tab(page)
    upload = page.locator("#upload input[type=file]")
    notice = page.locator("#told [role=alert]")
    broken = b"- id: a\n  question: b\n  colour: <b>red</b>\n"
    upload.set_input_files({"name": "<i>x.yaml", "mimeType": "text/yaml", "buffer": broken})
    expect(notice).to_contain_text("<i>x.yaml line 1: field 'colour'")
    large = b"#" * (LARGEST + 1)
    upload.set_input_files({"name": "l.yaml", "mimeType": "text/yaml", "buffer": large})
    expect(notice).to_have_text("l.yaml 超过 2 MB；请把题目分成几个文件。")
    hostile = jsonl(HOSTILE, RIGHT)
    name = "<img src=x onerror=window.pwned=9>.jsonl"
    upload.set_input_files({"name": name, "mimeType": "text/plain", "buffer": hostile})
    expect(page.get_by_role("combobox", name="题目文件")).to_have_value(f"{name}（上传，2 题）")
    expect(notice).to_have_count(0)
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".verdict")).to_contain_text("2 题，通过 1 题")
    expect(page.locator(".verdict .file-name")).to_have_text(name)
    expect(page.locator(".case summary")).to_contain_text(f"引号{NASTY}")
    page.get_by_role("combobox", name="题目文件").click()
    assert page.evaluate("window.pwned") is None
    assert page.locator("#report :is(script, img, a, iframe, b, .katex)").count() == 0


@pytest.mark.long
def test_a_run_is_stopped_and_a_second_visitor_waits(
    browser: Browser,
    context: BrowserContext,
    url: str,
    backend: ScriptedBackend,
) -> None:
    page = open_page(context, url)
    open_tab(page)
    choose(page, "slow.jsonl")
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".progress-of-run")).to_contain_text("已做 1 / 3 题")
    expect(page.get_by_role("button", name="开始评测")).to_be_hidden()
    other_context = browser.new_context(locale="zh-CN")
    other = open_page(other_context, url)
    open_tab(other)
    expect(other.get_by_role("combobox", name="题目文件")).not_to_have_value("")
    other.get_by_role("button", name="开始评测").click()
    expect(other.locator("#told [role=alert]")).to_contain_text("已有一份评测在做（已做 1 / 3 题）")
    page.locator("#evaluation").get_by_role("button", name="停止").click()
    expect(page.locator(".progress-of-run")).to_contain_text("做完这一题就停下")
    backend.go.set()
    expect(page.locator(".verdict")).to_contain_text("已停止：做了 2 / 3 题，通过 2 题。")
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".verdict")).to_contain_text("3 题，通过 3 题")
    assert [question for question, _ in backend.asked].count(str(SLOW["question"])) == 1
    # by now the other page has been told all there is to tell: it stands as it stood
    expect(other.locator("#told [role=alert]")).to_contain_text("已有一份评测在做")
    expect(other.get_by_role("combobox", name="题目文件")).to_have_value("park.jsonl")
    expect(other.get_by_role("button", name="开始评测")).to_be_visible()
    other_context.close()


@pytest.mark.long
def test_a_page_that_is_closed_lets_the_next_evaluation_on(
    browser: Browser,
    context: BrowserContext,
    url: str,
    backend: ScriptedBackend,
) -> None:
    page = open_page(context, url)
    open_tab(page)
    choose(page, "slow.jsonl")
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".progress-of-run")).to_contain_text("已做 1 / 3 题")
    page.close()
    other_context = browser.new_context(locale="zh-CN")
    other = open_page(other_context, url)
    open_tab(other)
    expect(other.locator("#start")).to_be_visible()
    backend.go.set()
    end_threads()  # the run of the page that is gone is over
    other.get_by_role("button", name="开始评测").click()
    expect(other.locator(".verdict")).to_contain_text("3 题，通过 2 题")
    assert ("明天天气怎么样？", ()) in backend.asked
    other_context.close()


@pytest.mark.long
def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, url: str) -> None:
    opened = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, is_mobile=True
    )
    page = open_page(opened, url)
    open_tab(page)
    page.get_by_role("button", name="开始评测").click()
    expect(page.locator(".verdict")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#evaluation").evaluate("node => node.scrollWidth <= node.clientWidth")
    opened.close()
