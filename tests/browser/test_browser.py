"""The page in headless Chromium, over a scripted assistant: what a user sees and does.

Nothing here waits for time to pass, only for what must come to be seen.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.index.build import build
from rag.index.store import Store
from rag.index.watch import Changes
from rag.library import Library
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.retrieve.search import Search
from rag.types import Answer, Check
from rag.web.handlers import BROKEN
from rag.wiring import open_living
from tests.support.driver import (
    COUNT,
    ask,
    assert_same_origin,
    contrast,
    expect_answered,
    in_view,
    last_turn,
    luminance,
    open_page,
    rgb,
)
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing
from tests.support.paths import ROOT
from tests.support.scripted_backend import NASTY, REFUSAL, ScriptedBackend, serving

PLANTED = "<script>window.pwned=1</script><img src=x onerror=window.pwned=2>"
ISSUE = """# 云岭科技园迎来首批企业

◎本报记者 甘棠

云岭科技园4月启用，首批入驻企业32家，总投资约18亿元。
"""


def test_a_fresh_page_says_what_it_is_and_offers_questions(page: Page) -> None:
    expect(page).to_have_title("报纸问答")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    expect(page.locator(".masthead .held")).to_have_text("馆藏 2 期 2 篇")
    page.get_by_role("button", name="南湖园区有多少个算法通过备案？").click()
    expect_answered(page, "南湖园区有多少个算法通过备案？")


def test_a_marker_opens_the_article_at_the_sentence(page: Page) -> None:
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    page.locator(".answer .cite").first.click()
    mark = page.locator(".paper mark")
    expect(mark).to_have_text(COUNT)
    assert in_view(page, ".paper mark", ".source .scroll")
    assert page.locator(".source .scroll").evaluate("node => node.scrollTop") > 0
    assert page.evaluate("scrollY") == 0, "the panel scrolls, not the page"
    expect(page.locator(".paper h2")).to_have_text("南湖园区：算法备案走在前面")
    expect(page.locator(".paper .byline").last).to_have_text("通讯员 乙某")
    expect(page.locator(".answer .cite[aria-current]")).to_have_text("1")

    page.locator(".source .scroll").evaluate("node => node.scrollTo(0, 0)")
    page.locator(".answer .cite").first.click()  # the same again: back to the sentence
    page.wait_for_function("document.querySelector('.source .scroll').scrollTop > 0")
    assert in_view(page, ".paper mark", ".source .scroll")

    page.locator(".answer .cite").nth(1).click()
    expect(mark).to_have_text("园区搭建了6个公共平台。")
    expect(page.locator(".paper .sidebar mark")).to_be_visible()


def test_sources_and_timings_stand_under_the_answer(page: Page) -> None:
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    expect(page.locator(".sources .cite")).to_have_text(["1", "2"])
    expect(page.locator(".sources .date")).to_have_text("2024年5月6日")
    expect(page.locator(".timings")).to_contain_text("检索 0.05 秒")
    page.locator(".sources .title").click()
    expect(page.locator(".paper mark")).to_have_text(COUNT)
    page.locator(".bar [data-panel=library]").click()
    expect(page.locator(".titles")).to_be_visible()
    page.locator(".titles button").last.click()
    expect(page.locator(".paper h2")).to_be_visible()
    expect(page.locator(".paper mark")).to_have_count(0)


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    marker = page.get_by_role("button", name="来源 1：南湖园区：算法备案走在前面").first
    page.locator("#box textarea").focus()
    for _ in range(24):  # the box comes after the answer: back through it, to its first marker
        if marker.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    expect(marker).to_be_focused()
    assert marker.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".paper mark")).to_have_text(COUNT)


def test_steps_are_shown_and_nothing_jumps_when_the_answer_is_done(
    page: Page, backend: ScriptedBackend
) -> None:
    ask(page, "慢：备案有多少？")
    expect(page.locator(".steps .now")).to_contain_text("阅读")
    expect(page.locator(".steps .done")).to_contain_text("检索")
    expect(page.locator(".draft")).to_have_text("南湖园区")
    places = "['#live .question', '#live .answer', '#ask'].map(" + (
        "(one) => document.querySelector(one).getBoundingClientRect().top)"
    )
    before = page.evaluate(places)
    backend.go.set()
    expect_answered(page, "慢：备案有多少？")
    assert page.evaluate(places) == before


def test_a_refusal_is_shown_plainly(page: Page) -> None:
    ask(page, "明天天气怎么样？")
    expect_answered(page, "明天天气怎么样？")
    expect(page.locator(".answer.refused")).to_have_text(REFUSAL)
    expect(page.locator("#live :is(.cite, .sources)")).to_have_count(0)


def test_stop_keeps_what_is_written_and_the_next_question_is_answered(
    page: Page, backend: ScriptedBackend
) -> None:
    ask(page, "慢：备案有多少？")
    expect(page.locator(".draft")).to_have_text("南湖园区")
    expect(page.get_by_role("button", name="提问")).to_be_hidden()
    page.get_by_role("button", name="停止").click()
    expect(last_turn(page)).to_contain_text("已停止，以上是停止前核对过的文字。")
    expect(page.locator(".draft")).to_have_text("南湖园区")
    assert backend.cancelled.wait(10), "the generator is told"
    expect(page.get_by_role("button", name="停止")).to_be_hidden()
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    expect(page.locator("#past .question")).to_have_text("慢：备案有多少？")
    expect(page.locator("#past .turn")).to_contain_text("已停止")
    assert backend.asked[-1] == ("备案有多少？", ()), "a stopped question is no history"


@pytest.mark.long
def test_a_page_that_is_closed_lets_the_next_user_on(
    browser: Browser, page: Page, url: str, backend: ScriptedBackend
) -> None:
    ask(page, "不停地写")
    expect(page.locator(".draft")).to_have_text("写个不停")
    page.close()
    assert backend.cancelled.wait(20), "the generator is let go"
    other = open_page(browser.new_context(locale="zh-CN"), url)
    ask(other, "备案有多少？")
    expect_answered(other, "备案有多少？")
    other.context.close()


def test_bad_questions_get_a_notice(page: Page) -> None:
    notice = page.locator("#notice [role=alert]")
    page.get_by_role("button", name="提问").click()
    expect(notice).to_have_text("请先写下问题。")
    ask(page, "问" * 10_000)
    expect(notice).to_have_text("问题有 10000 字，最多 60 字；请缩短后再问。")
    expect(page.locator("#box textarea")).to_have_value("问" * 10_000)
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    expect(notice).to_have_count(0)


def test_errors_are_said_in_one_line_and_the_page_goes_on(page: Page) -> None:
    ask(page, "损坏")
    expect(last_turn(page).get_by_role("alert")).to_have_text(
        "index is damaged: <b>manifest.json</b> is missing; run `rag build`"
    )
    ask(page, "意外")
    expect(last_turn(page).get_by_role("alert")).to_have_text(BROKEN)
    expect(page.locator("body")).not_to_contain_text("Traceback")
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")


def test_text_of_the_corpus_and_of_users_is_text(
    page: Page, requests: list[str], url: str, backend: ScriptedBackend
) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    backend.settings = backend.settings.model_copy(update={"question_chars": 2000})
    question = f"引号{NASTY}"
    ask(page, question)
    expect_answered(page, question)
    expect(page.locator(".answer")).to_contain_text(NASTY)
    page.locator(".answer .cite").click()
    expect(page.locator(".paper mark")).to_have_text(backend.nasty.text.split("\n")[0])
    for part, said in (
        ("h2", backend.nasty.headline),
        (".byline", backend.nasty.byline),
        (".kicker", backend.nasty.kicker),
        (".sidebar h3", backend.nasty.sections[0].heading),
    ):
        expect(page.locator(f".paper {part}")).to_have_text(said)
    page.locator(".bar [data-panel=library]").click()
    expect(page.locator(".titles .name").first).to_have_text(backend.nasty.headline)
    ask(page, "损坏")
    expect(last_turn(page).get_by_role("alert")).to_be_visible()
    assert page.evaluate("window.pwned") is None
    assert page.locator("#main :is(script, img, a, iframe, style, b, .katex)").count() == 0
    assert not dialogs
    assert_same_origin(requests, url)


def test_the_record_of_checks_tells_what_was_dropped_and_why(context: BrowserContext) -> None:
    class Checked(ScriptedBackend):
        def _answer(self, question: str) -> Answer:
            dropped = Check("占全国的99%。", "dropped", "引文中没有这个数字：99%", 0.2)
            return replace(super()._answer(question), checks=(dropped,), confidence=0.9)

    with serving(Checked()) as address:
        page = open_page(context, address)
        ask(page, "备案有多少？")
        expect_answered(page, "备案有多少？")
        expect(page.locator(".answer")).not_to_contain_text("99%")
        record = page.locator(".checks")
        expect(record.locator("li")).to_be_hidden()
        record.locator("summary").click()
        expect(record.locator("li")).to_have_text("删去占全国的99%。引文中没有这个数字：99%")
        expect(record).to_contain_text("索引 v-test · 生成 scripted")


def test_nothing_is_loaded_from_elsewhere(page: Page, requests: list[str], url: str) -> None:
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    with page.expect_download():
        page.get_by_role("button", name="HTML").click()
    page.get_by_role("button", name="设置").click()
    expect(page.locator(".settings-drawer")).to_be_visible()
    page.keyboard.press("Escape")
    for tab in ("资料库", "评测"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel", name=tab)).to_be_visible()
    page.get_by_role("tab", name="问答").click()
    page.get_by_role("button", name="接口").click()
    expect(page.locator(".api-docs")).to_contain_text("/search")
    assert len(requests) > 10
    assert_same_origin(requests, url)
    policy = page.request.get(url).headers["content-security-policy"]
    assert "connect-src 'self'" in policy


@pytest.mark.long
def test_each_user_has_a_conversation_and_waits_in_line(
    browser: Browser, page: Page, url: str, backend: ScriptedBackend
) -> None:
    ask(page, "慢：第一位")
    assert backend.held.wait(20)
    other_context = browser.new_context(locale="zh-CN")
    other = open_page(other_context, url)
    ask(other, "第二位")
    expect(last_turn(other).locator(".queued")).to_have_text("前面还有 1 个问题，请稍候。")
    other.locator(".titles button").first.click()  # reading needs no turn
    expect(other.locator(".paper h2")).to_be_visible()
    backend.go.set()
    expect_answered(page, "慢：第一位")
    expect_answered(other, "第二位")
    expect(page.locator("#chat")).not_to_contain_text("第二位")
    expect(other.locator("#chat")).not_to_contain_text("第一位")
    assert ("第二位", ()) in backend.asked
    other_context.close()


def test_on_a_phone_the_source_is_a_sheet(browser: Browser, url: str) -> None:
    context = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = open_page(context, url)
    side = page.locator("#side")
    expect(side).to_be_hidden()
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert in_view(page, "#send", "#chat")
    page.locator(".answer .cite").first.tap()
    expect(side).to_be_visible()
    expect(page.locator(".paper mark")).to_have_text(COUNT)
    page.wait_for_function(
        """() => {
            const mark = document.querySelector('.paper mark').getBoundingClientRect();
            const sheet = document.querySelector('.source .scroll').getBoundingClientRect();
            return mark.top >= sheet.top && mark.bottom <= innerHeight;
        }"""
    )
    expect(page.get_by_role("button", name="关闭原文")).to_be_focused()
    page.keyboard.press("Escape")
    expect(side).to_be_hidden()
    expect(page.locator(".answer .cite").first).to_be_focused()
    page.locator(".masthead .contents").tap()
    expect(page.locator(".titles")).to_be_visible()
    page.get_by_role("button", name="关闭原文").tap()
    expect(side).to_be_hidden()
    context.close()


def test_a_planted_page_is_read_indexed_and_shown_as_text(
    context: BrowserContext, tiny_corpus: Path, tmp_path: Path
) -> None:
    """The whole way but for the weights: a page file, the index, the answer, the panel."""
    said = f"黑石岭园区今年新增企业41家，{PLANTED}。"
    (tiny_corpus / "2024-07-01-c.md").write_text(
        f"# 黑石岭园区{PLANTED}\n\n◎本报记者 {PLANTED}\n\n{said}园区还在扩建。\n", encoding="utf-8"
    )
    settings = Settings(corpus=tiny_corpus, index=tmp_path / "index", abstain=willing(tmp_path))
    build(settings, HashEncoder())
    snapshot = Store(settings.index).load(settings.cache_dir)
    assistant = Assistant(Search(snapshot, HashEncoder(), settings), ScriptedGenerator([said]))
    question = f"黑石岭园区今年新增企业多少家？{PLANTED}"
    quote = assistant.ask(question).citations[0].quote
    assert PLANTED in quote
    requests: list[str] = []
    with serving(assistant) as url:
        page = open_page(context, url, requests)
        ask(page, question)
        expect_answered(page, question)
        page.locator(".answer .cite").first.click()
        expect(page.locator(".paper mark")).to_have_text(quote)
        assert in_view(page, ".paper mark", ".source .scroll")
        expect(page.locator(".paper h2")).to_contain_text(PLANTED)
        assert page.evaluate("window.pwned") is None
        assert page.locator("#main :is(script, img)").count() == 0
        assert_same_origin(requests, url)


def test_the_real_models_answer_in_the_browser(
    context: BrowserContext,
    sample_index: Settings,
    real_encoder: SentenceEncoder,
    real_generator: TransformersGenerator,
) -> None:
    snapshot = Store(sample_index.index).load(sample_index.cache_dir)
    assistant = Assistant(Search(snapshot, real_encoder, sample_index), real_generator)
    with serving(assistant) as url:
        page = open_page(context, url)
        ask(page, "苏州工业园区累计有多少个算法通过备案？")
        expect(last_turn(page).locator(".timings")).to_be_visible(timeout=180_000)
        expect(page.locator(".answer")).to_contain_text("15个算法")
        page.locator(".answer .cite").first.click()
        expect(page.locator(".paper mark")).to_contain_text("15个算法")
        ask(page, "火星上的殖民地有多少居民？")
        expect(page.locator("#live .answer.refused")).to_be_visible(timeout=180_000)


@pytest.mark.long
def test_a_whole_conversation_with_the_real_models(context: BrowserContext, tmp_path: Path) -> None:
    """Asked, cited, followed up, stopped and refused; an issue taken in and asked about."""
    corpus = shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    settings = Settings(corpus=corpus, index=tmp_path / "index")
    assistant, upkeep = open_living(settings, lambda _line: None)
    upkeep.step(Changes(new=("all",)))
    question = "苏州工业园区累计有多少个算法通过备案？"
    with serving(assistant, upkeep, Library(settings)) as url:
        page = open_page(context, url)
        ask(page, question)
        expect(last_turn(page).locator(".timings")).to_be_visible(timeout=180_000)
        expect(page.locator(".answer")).to_contain_text("15个算法")
        page.locator(".answer .cite").first.click()
        expect(page.locator(".paper mark")).to_contain_text("15个算法")
        assert in_view(page, ".paper mark", ".source .scroll")
        ask(page, "占全省多少？")
        expect(last_turn(page).locator(".question")).to_have_text("占全省多少？")
        expect(last_turn(page).locator(".reading, .timings").first).to_be_visible(timeout=180_000)
        expect(last_turn(page).locator(".timings")).to_be_visible(timeout=180_000)
        expect(last_turn(page).locator(".read-as")).to_contain_text("苏州工业园区")
        expect(last_turn(page).locator(".answer")).to_contain_text("19%")
        last_turn(page).locator(".checks summary").click()
        expect(last_turn(page).locator(".checks li").first).to_be_visible()
        for place in range(page.locator("#related [data-question]").count()):
            following = page.locator("#related [data-question]").nth(place).inner_text()
            assert not assistant.ask(following).refused, following
        ask(page, "请介绍苏州工业园区的人工智能产业。")
        page.get_by_role("button", name="停止").click()  # while it reads, before the first word
        expect(last_turn(page)).to_contain_text("已停止")
        ask(page, "火星上的殖民地有多少居民？")
        expect(page.locator("#live .answer.refused")).to_be_visible(timeout=180_000)
        page.get_by_role("tab", name="资料库").click()
        sent = {"name": "2024-10-08-a.md", "mimeType": "text/plain", "buffer": ISSUE.encode()}
        page.locator("#library input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
        page.get_by_role("button", name="收入资料库").click()
        expect(page.locator("#library")).to_contain_text("已收入")
        upkeep.step(Changes(new=("2024-10-08-a.md",)))
        expect(page.locator("#news .toast")).to_contain_text("新一期已入库", timeout=60_000)
        page.get_by_role("tab", name="问答").click()
        ask(page, "云岭科技园首批入驻企业有多少家？")
        expect(last_turn(page).locator(".question")).to_contain_text("云岭科技园")
        expect(last_turn(page).locator(".timings")).to_be_visible(timeout=180_000)
        expect(last_turn(page).locator(".answer")).to_contain_text("32家")
        last_turn(page).locator(".answer .cite").first.click()
        expect(page.locator(".paper h2")).to_have_text("云岭科技园迎来首批企业")
        expect(page.locator(".paper mark")).to_contain_text("32家")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_text_stands_out_from_the_page_in_both_themes(
    browser: Browser, url: str, scheme: str
) -> None:
    context = browser.new_context(
        locale="zh-CN", color_scheme="dark" if scheme == "dark" else "light"
    )
    page = open_page(context, url)
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    page.locator(".answer .cite").first.click()
    expect(page.locator(".paper mark")).to_be_visible()
    dark = {}
    for part, least in (
        (".answer", 7.0),
        (".paper .body p", 7.0),
        (".paper mark", 7.0),
        (".timings", 4.5),
        ("#send", 4.5),
        (".paper .byline", 4.5),
        ("#box textarea", 7.0),
        ("[role=tab][aria-selected=false]", 4.5),
    ):
        text, ground = (rgb(page, part, name) for name in ("color", "backgroundColor"))
        assert contrast(text, ground) >= least, part
        dark[part] = luminance(ground) < 0.2
    del dark["#send"]  # the button is of the accent's colour
    assert set(dark.values()) == {scheme == "dark"}
    context.close()
