"""The tab 资料库 and the notice of news in headless Chromium, over a scripted assistant.

Nothing here waits for time to pass, only for what must come to be seen.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.library import REMOVED, Library
from rag.types import Article, Manifest, News, Unreadable, Work
from rag.web import news
from tests.support.driver import ask, assert_same_origin, expect_answered, open_page
from tests.support.make_files import pack
from tests.support.scripted_backend import NASTY, ScriptedBackend, serving
from tests.support.scripted_keeper import ScriptedKeeper

PAGE = """# 云岭科技园迎来首批企业

◎本报记者 甘棠

云岭科技园4月启用，首批入驻企业32家，总投资18亿元。

## 人才政策

园区为博士提供每月3000元补贴，已有57人领取。
""".encode()


class Growing(ScriptedBackend):
    """A scripted assistant whose index changes when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.version = "000001-aa"
        self.kept: list[Article] = [self.long, self.nasty]
        self.unreadable: tuple[Unreadable, ...] = ()

    @property
    def manifest(self) -> Manifest:
        return replace(
            super().manifest,
            version=self.version,
            articles=len(self.kept),
            unreadable=self.unreadable,
        )

    def articles(self) -> list[Article]:
        return self.kept


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Growing]:
    scripted = Growing()
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    scripted.settings = scripted.settings.model_copy(
        update={"corpus": corpus, "index": tmp_path / "index", "upload_mb": 1}
    )
    (corpus / "2024-05-06.md").write_bytes(PAGE)
    yield scripted
    scripted.go.set()


@pytest.fixture
def corpus(backend: Growing) -> Path:
    return backend.settings.corpus


@pytest.fixture
def keeper() -> ScriptedKeeper:
    return ScriptedKeeper()


@pytest.fixture
def url(backend: Growing, keeper: ScriptedKeeper, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(news, "SECONDS", 0.1)
    with serving(backend, keeper, Library(backend.settings)) as address:
        yield address


def open_tab(page: Page) -> None:
    page.get_by_role("tab", name="资料库").click()
    expect(page.locator("#collection h2")).to_be_visible()


def file(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "text/plain", "buffer": data}


def choose(page: Page, *files: dict[str, object]) -> None:
    page.locator("#drop input").set_input_files(list(files))  # type: ignore[arg-type]


def drop(page: Page, name: str, data: bytes) -> None:
    """Let a file fall on the tab, beside the frame."""
    page.evaluate(
        """([name, data]) => {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], name));
          const at = document.getElementById("collection");
          const options = { dataTransfer, bubbles: true, cancelable: true };
          at.dispatchEvent(new DragEvent("dragover", options));
          window.over = document.querySelector(".drop").hasAttribute("data-over");
          const event = new DragEvent("drop", options);
          at.dispatchEvent(event);
          window.taken = event.defaultPrevented;
        }""",
        [name, base64.b64encode(data).decode()],
    )
    assert page.evaluate("[window.over, window.taken]") == [True, True]


def names(corpus: Path) -> set[str]:
    return {path.name for path in corpus.iterdir()}


def test_a_file_is_dropped_looked_at_and_taken_in(
    context: BrowserContext,
    url: str,
    corpus: Path,
    keeper: ScriptedKeeper,
) -> None:
    requests: list[str] = []
    page = open_page(context, url, requests)
    open_tab(page)
    drop(page, "2024-05-01-云岭.md", PAGE)
    card = page.get_by_role("region", name="待收入：2024-05-01-云岭.md")
    for part in ("1 期 · 1 篇文章", "2024年5月1日", "云岭科技园迎来首批企业", "◎本报记者 甘棠"):
        expect(card).to_contain_text(part)
    expect(card).to_contain_text("1 个小节")
    expect(card).to_contain_text("首批入驻企业32家")
    assert names(corpus) == {"2024-05-06.md"}
    card.get_by_role("button", name="收入资料库").click()
    expect(page.locator("#told-library [role=status]")).to_contain_text("已收入 2024-05-01-云岭.md")
    expect(page.locator(".card")).to_have_count(0)
    assert (corpus / "2024-05-01-云岭.md").read_bytes() == PAGE
    assert keeper.woken == 1
    assert_same_origin(requests, url)


@pytest.mark.long
def test_several_files_are_chosen_and_each_is_judged(
    context: BrowserContext,
    url: str,
    corpus: Path,
) -> None:
    page = open_page(context, url)
    open_tab(page)
    packed = pack({"2024-05-02.md": PAGE.decode(), "b.doc": "x"})
    choose(
        page,
        file("a.md", PAGE),
        file("bad.exe", b"MZ"),
        file("large.md", b"#" * 1_000_001),
        file("scan.pdf", b"%PDF"),
        file("may.zip", packed),
        file("2024-05-06.md", PAGE + b"\n"),
    )
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator("#shelf [role=alert]")).to_have_text(
        [
            re.compile(r"^bad\.exe：不认得 \.exe 这种文件；请换成 \.docx .*。$"),
            "large.md：超过 1 MB；请拆成几个文件。",
            "scan.pdf：PDF 已损坏；请重新存一份。",
        ]
    )
    expect(page.get_by_role("region", name="may.zip")).to_contain_text("may.zip/b.doc")
    expect(page.locator(".sending")).to_be_empty()
    page.get_by_role("button", name="全部收入（2 个）").click()
    expect(page.locator(".card")).to_have_count(1)
    assert names(corpus) == {"2024-05-06.md", "a.md", "may.zip"}
    expect(page.locator(".card")).to_contain_text("同名的文件，内容不同")
    page.get_by_role("button", name="替换同名文件").click()
    expect(page.locator(".card")).to_have_count(0)
    assert (corpus / "2024-05-06.md").read_bytes() == PAGE + b"\n"
    assert (corpus / REMOVED / "2024-05-06.md").read_bytes() == PAGE
    choose(page, file("c.md", PAGE))
    page.get_by_role("button", name="放弃", exact=True).click()
    expect(page.locator(".card")).to_have_count(0)
    assert "c.md" not in names(corpus)


def test_a_file_is_removed_after_one_more_question(
    context: BrowserContext,
    url: str,
    corpus: Path,
) -> None:
    page = open_page(context, url)
    open_tab(page)
    issue = page.locator("details[data-issue='2024-05-06']")
    issue.locator("> summary").click()
    expect(issue.get_by_role("button", name="确认移走")).to_be_hidden()
    issue.get_by_text("移走…").click()
    assert (corpus / "2024-05-06.md").exists()
    issue.get_by_role("button", name="确认移走").click()
    expect(page.locator("#told-library")).to_contain_text("已移走 2024-05-06.md")
    expect(issue).to_contain_text("文件已移走")
    assert issue.evaluate("node => node.open"), "what was unfolded stays so"
    assert names(corpus) == {REMOVED}
    assert (corpus / REMOVED / "2024-05-06.md").read_bytes() == PAGE


def test_an_article_of_the_list_is_opened_beside_the_conversation(
    context: BrowserContext,
    url: str,
) -> None:
    page = open_page(context, url)
    open_tab(page)
    issue = page.locator("details[data-issue='2024-05-06']")
    issue.locator("> summary").click()
    issue.get_by_role("button", name="南湖园区：算法备案走在前面").click()
    expect(page.get_by_role("tab", name="问答")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#panel h2")).to_have_text("南湖园区：算法备案走在前面")


@pytest.mark.long
def test_the_chart_is_reached_from_the_keyboard(
    context: BrowserContext,
    url: str,
    backend: Growing,
) -> None:
    backend.kept = [
        replace(backend.long, id=f"{m:016x}", issue_id=f"i{m}", date=date(2023, m, 3))
        for m in range(1, 13)
    ]
    backend.kept.append(replace(backend.long, issue_id="later", date=date(2024, 6, 3)))
    page = open_page(context, url)
    open_tab(page)
    bars = page.locator(".timeline g")
    expect(bars).to_have_count(13)
    page.locator("#drop input").focus()
    page.keyboard.press("Tab")
    expect(bars.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(bars.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".filtered")).to_contain_text("只列出2023年2月的 1 期，1 篇。")
    expect(page.locator("details[data-issue]")).to_have_count(1)
    expect(page.get_by_role("button", name="2023年2月")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="列出全部").click()
    expect(page.locator("details[data-issue]")).to_have_count(13)


def test_news_are_told_and_the_page_is_brought_up_to_date(
    context: BrowserContext,
    url: str,
    backend: Growing,
    keeper: ScriptedKeeper,
) -> None:
    page = open_page(context, url)
    page.locator("#box textarea").fill("写到一半")
    keeper.doing = Work("编码段落", 3, 8)
    open_tab(page)
    expect(page.locator("#upkeep")).to_contain_text("正在更新索引：编码段落 3 / 8")
    expect(page.locator("#upkeep progress")).to_have_attribute("value", "3")
    backend.kept = [
        *backend.kept,
        replace(backend.long, id="3" * 16, issue_id="2024-06-01", date=date(2024, 6, 1)),
    ]
    backend.unreadable = (Unreadable("scan.pdf", "no text layer; run OCR first"),)
    backend.version = "000002-bb"
    keeper.doing = Work()
    keeper.told.append(News("000002-bb", ("2024-06-01",), 1))
    toast = page.get_by_role("status").filter(has_text="新一期已入库：1 篇文章")
    expect(toast).to_be_visible()
    page.get_by_role("button", name="关闭通知").click()
    expect(toast).to_be_hidden()
    expect(page.locator(".masthead .held")).to_contain_text("3 篇")
    expect(page.get_by_role("tab", name="资料库")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#upkeep progress")).to_have_count(0)
    expect(page.locator("details[data-issue]").first).to_have_attribute("data-issue", "2024-06-01")
    expect(page.locator(".quarantine")).to_contain_text("scan.pdf是扫描件，没有文字")
    page.get_by_role("tab", name="问答").click()
    expect(page.locator(".welcome")).to_contain_text("3 篇报道")
    expect(page.locator(".titles").first).to_contain_text("2024年6月1日")
    expect(page.locator("#box textarea")).to_have_value("写到一半")
    keeper.told.append(News("000002-bb", ("2024-06-01",), 1))
    expect(toast).to_be_visible()
    page.get_by_role("button", name="看资料库").click()
    expect(page.locator("#library")).to_be_visible()
    keeper.doing = Work(problem="disk is full; free some space")
    expect(page.locator("#upkeep [role=alert]")).to_contain_text("索引没有更新成：disk is full")


@pytest.mark.long
def test_news_leave_the_question_of_a_link_where_it_is(
    context: BrowserContext,
    url: str,
    backend: Growing,
    keeper: ScriptedKeeper,
) -> None:
    page = context.new_page()
    page.goto(f"{url}/#a=备案有多少？")
    expect(page.locator(".linked .question")).to_have_text("备案有多少？")
    backend.version = "000002-bb"
    keeper.told.append(News("000002-bb", (), 1, 1))
    expect(page.locator("#news .toast")).to_be_visible()
    expect(page.locator(".linked .question")).to_have_text("备案有多少？")
    page.locator(".linked").get_by_role("button", name="提问").click()
    expect(page.locator("#live .answer .cite").first).to_be_visible()


@pytest.mark.long
def test_an_idle_page_is_left_alone(context: BrowserContext, url: str) -> None:
    page = open_page(context, url)
    open_tab(page)
    expect(page.locator("details[data-issue]")).to_have_count(2)
    # the last part of the page to be filled
    expect(page.locator("#files input").first).to_have_value(re.compile("."))
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url))
    page.evaluate(
        """() => {
          window.changed = [];
          new MutationObserver((all) => window.changed.push(...all.map((one) => one.target.nodeName)))
            .observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
        }"""
    )
    for _ in range(4):
        with page.expect_response(lambda response: "/gradio_api/" in response.url):
            pass
    assert len(asked) >= 4, "the page asks for news"
    assert page.evaluate("window.changed") == []


@pytest.mark.long
def test_news_do_not_disturb_an_answer_that_is_being_written(
    context: BrowserContext,
    url: str,
    backend: Growing,
    keeper: ScriptedKeeper,
) -> None:
    page = open_page(context, url)
    ask(page, "慢：备案有多少？")
    assert backend.held.wait(20)
    backend.version = "000002-bb"
    keeper.told.append(News("000002-bb", (), 1, 1))
    expect(page.locator("#news .toast")).to_contain_text("资料已更新：新增 1 篇，删去 1 篇")
    expect(page.locator("#live .draft")).to_be_visible()
    backend.go.set()
    expect_answered(page, "慢：备案有多少？")


def test_texts_of_files_stay_texts(
    context: BrowserContext,
    url: str,
    backend: Growing,
    corpus: Path,
    keeper: ScriptedKeeper,
) -> None:
    nasty = NASTY.replace("/", "_")
    (corpus / f"{nasty[:60]}.md").write_bytes(PAGE)
    backend.unreadable = (Unreadable(f"{nasty[:60]}.md", NASTY),)
    page = open_page(context, url)
    open_tab(page)
    choose(
        page, file(f"{nasty}.md", f"# 标题{NASTY}\n\n正文{NASTY}写的是那里一天的工作。\n".encode())
    )
    expect(page.locator(".card")).to_contain_text("标题<script>")
    choose(page, file(f"{nasty}.exe", b"x"))
    expect(page.locator("#shelf [role=alert]")).to_contain_text("不认得 .exe")
    page.locator("details[data-issue='2024-05-07'] > summary").click()
    expect(page.locator("details[data-issue='2024-05-07'] .listed")).to_contain_text(NASTY)
    page.locator(".quarantine").get_by_text("移走…").click()
    page.locator(".quarantine").get_by_role("button", name="确认移走").click()
    expect(page.locator("#told-library")).to_contain_text("已移走 <script>")
    keeper.doing = Work(NASTY, 1, 2)
    keeper.told.append(News("v", (NASTY,), 1))
    expect(page.locator("#news .named")).to_contain_text("<img src=x")
    expect(page.locator("#upkeep")).to_contain_text("<img src=x")
    page.locator("#shelf").get_by_role("button", name="收入资料库").click()
    expect(page.locator(".card")).to_have_count(0)
    assert page.evaluate("window.pwned") is None
    assert page.locator("#library :is(script, img, a, iframe, .katex)").count() == 0
    assert page.locator("#news :is(script, img, a, iframe, .katex)").count() == 0


@pytest.mark.long
def test_without_upkeep_and_library_the_page_only_shows(
    context: BrowserContext,
    backend: Growing,
) -> None:
    with serving(backend) as address:
        page = open_page(context, address)
        open_tab(page)
        expect(page.locator("details[data-issue]")).to_have_count(2)
        assert page.locator(":is(.drop, #news, .remover)").count() == 0


@pytest.mark.long
def test_on_a_phone_nothing_is_wider_than_the_screen(
    browser: Browser,
    url: str,
    keeper: ScriptedKeeper,
) -> None:
    opened = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, is_mobile=True
    )
    page = open_page(opened, url)
    open_tab(page)
    choose(page, file("报" * 60 + ".md", PAGE))
    expect(page.locator(".card")).to_be_visible()
    page.locator("details[data-issue='2024-05-06'] > summary").click()
    page.locator("details[data-issue='2024-05-07'] > summary").click()
    keeper.told.append(News("v", ("报" * 90,), 1))
    expect(page.locator("#news .toast")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#library").evaluate("node => node.scrollWidth <= node.clientWidth")
    box = page.locator("#news .toast").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    opened.close()
