"""The tab 评测: its files, its runs and what is drawn, without a browser and in one."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.errors import QuestionError
from rag.evaluate.kept import PARTIAL
from rag.evaluate.report import read_report
from rag.types import EVERYTHING, Answer, Filters
from rag.web import evaluation_view
from rag.web.evaluation import UPLOADED, Desk, EvaluationHandlers
from rag.web.evaluation_run import (
    BROKEN,
    LARGEST,
    Evaluations,
    Run,
    case_files,
    open_case_file,
    read_case_file,
)
from tests.scripted_backend import NASTY, ScriptedBackend, serving
from tests.test_browser import (  # noqa: F401  # fixtures
    ask,
    assert_same_origin,
    browser,
    context,
    expect_answered,
    open_page,
)
from tests.test_browser import pytestmark as needs_chromium
from tests.test_web import FORBIDDEN, Reader

RIGHT = {"id": "right", "question": "备案有多少？", "all_of": ["27个"], "tags": ["figure"]}
WRONG = {"id": "wrong", "question": "备案有几个？", "all_of": ["30个"], "articles": ["南湖园区"]}
REFUSED = {"id": "refused", "question": "明天天气怎么样？", "refuse": True}
SLOW = {"id": "slow", "question": "慢：备案有多少？", "all_of": ["27个"]}
HOSTILE = {
    "id": f"id{NASTY}",
    "question": f"引号{NASTY}",
    "history": [f"之前{NASTY}"],
    "all_of": [f"没有{NASTY}"],
    "tags": [f"标签{NASTY}"],
}
Row = dict[str, object]


def jsonl(*rows: Row) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[ScriptedBackend]:
    scripted = ScriptedBackend()
    folder = tmp_path / "cases"
    folder.mkdir()
    scripted.settings = scripted.settings.model_copy(
        update={"cases": folder, "cache_dir": tmp_path / "cache", "question_chars": 2000}
    )
    (folder / "park.jsonl").write_bytes(jsonl(RIGHT, WRONG, REFUSED))
    (folder / "slow.jsonl").write_bytes(jsonl(RIGHT, SLOW, REFUSED))
    (folder / "notes.txt").write_text("no cases")
    (folder / os.fsdecode(b"\xff.jsonl")).write_bytes(jsonl(RIGHT))
    yield scripted
    scripted.go.set()
    end_threads()


def end_threads() -> None:
    """What a thread raises is reported once it has ended: within this test, not a later one."""
    for thread in threading.enumerate():
        if thread.name == "evaluation":
            thread.join(20)


def finished(run: Run | None) -> Run:
    assert run is not None, "another one is under way"
    for _ in range(600):
        if run.over:
            end_threads()
            return run
        run.wait(0.1)
    raise AssertionError("the run does not end")


def reached(run: Run, done: int) -> None:
    for _ in range(600):
        if run.done >= done:
            return
        run.wait(0.1)
    raise AssertionError(f"{run.done} of {done} done")


def sent(name: str, data: bytes) -> Row:
    return {"name": name, "size": len(data), "data": base64.b64encode(data).decode()}


def test_the_folder_offers_its_case_files_alone(backend: ScriptedBackend, tmp_path: Path) -> None:
    folder = backend.settings.cases
    assert case_files(folder) == ["park.jsonl", "slow.jsonl"]
    assert case_files(tmp_path / "none") == []
    for name in ("notes.txt", "../cases/park.jsonl", "none.jsonl"):
        with pytest.raises(QuestionError, match="choose another"):
            open_case_file(folder, name)


def test_a_file_is_named_by_its_own_name_where_it_is_wrong() -> None:
    with pytest.raises(QuestionError) as caught:
        read_case_file("mine.yaml", b"- id: a\n  question: b\n  wrong: c\n")
    assert str(caught.value).startswith("mine.yaml line 1: field 'wrong'")
    with pytest.raises(QuestionError, match=r"^mine\.exe: unknown form; give a \.yaml"):
        read_case_file("mine.exe", b"")


def test_a_run_is_written_and_compared_with_the_last_one(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    first = finished(evaluations.begin(file, None, False)).outcome
    assert first is not None
    assert first.report.against is None
    assert first.report.files == {"park.jsonl": file.sha256}
    assert [result.passed for result in first.report.results] == [True, False, True]
    assert first.folder.is_relative_to(backend.settings.cache_dir / "evaluations")
    assert not (first.folder / PARTIAL).exists()
    second = finished(evaluations.begin(file, 2, False)).outcome
    assert second is not None
    assert second.report.against is not None
    assert second.report.against.cases == 2
    assert (first.report.selection.limit, second.report.selection.limit) == (None, 2)
    assert read_report(second.folder) == second.report


def test_retrieval_alone_asks_nothing_and_has_a_report_of_its_own(
    backend: ScriptedBackend,
) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    finished(evaluations.begin(file, None, False))
    asked = len(backend.asked)
    outcome = finished(evaluations.begin(file, None, True)).outcome
    assert outcome is not None
    assert len(backend.asked) == asked
    assert outcome.report.against is None, "answers are not compared with retrieval"
    assert [result.case.id for result in outcome.report.results] == ["right", "wrong"]
    with pytest.raises(QuestionError, match="no case to run"):
        evaluations.begin(read_case_file("r.jsonl", jsonl(REFUSED)), None, True)


def test_a_damaged_report_is_replaced(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    first = finished(evaluations.begin(file, 1, False)).outcome
    assert first is not None
    (first.folder / "report.json").write_text("{}")
    again = finished(evaluations.begin(file, 1, False))
    assert again.status == "done"
    assert read_report(first.folder)


def test_a_stopped_run_keeps_what_is_done_and_goes_on_there(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    file = open_case_file(backend.settings.cases, "slow.jsonl")
    run = evaluations.begin(file, None, False)
    assert run is not None
    reached(run, 1)
    assert backend.held.wait(20)
    assert evaluations.begin(file, None, False) is None, "one at a time"
    run.stop()
    backend.go.set()
    assert finished(run).status == "stopped"
    assert (run.done, run.outcome) == (2, None), "the current case is done with"
    asked = [question for question, _ in backend.asked]
    again = finished(evaluations.begin(file, None, False))
    assert again.status == "done"
    assert [question for question, _ in backend.asked] == [*asked, "明天天气怎么样？"]


def test_questions_of_the_chat_are_answered_while_a_run_waits(backend: ScriptedBackend) -> None:
    file = open_case_file(backend.settings.cases, "slow.jsonl")
    run = Evaluations(backend).begin(file, None, False)
    assert run is not None
    assert backend.held.wait(20)
    assert not backend.ask("备案有多少？").refused
    assert not run.over
    backend.go.set()
    finished(run)


def test_what_goes_wrong_is_said_in_one_line(backend: ScriptedBackend) -> None:
    evaluations = Evaluations(backend)
    damaged = read_case_file("d.jsonl", jsonl({"id": "a", "question": "损坏", "all_of": ["x"]}))
    run = finished(evaluations.begin(damaged, None, False))
    assert (run.status, "run `rag build`" in run.problem) == ("failed", True)
    assert "&lt;b&gt;manifest.json" in evaluation_view.ended(run)


class Buggy(ScriptedBackend):
    def ask(
        self, question: str, history: Sequence[str] = (), filters: Filters = EVERYTHING
    ) -> Answer:
        raise RuntimeError("a bug of the test")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_run_with_a_notice(backend: ScriptedBackend) -> None:
    buggy = Buggy()
    buggy.settings = backend.settings
    evaluations = Evaluations(buggy)
    file = open_case_file(backend.settings.cases, "park.jsonl")
    run = finished(evaluations.begin(file, None, False))
    assert (run.status, run.problem) == ("failed", BROKEN)
    assert finished(evaluations.begin(file, None, False)).over, "the next one is let on"


def test_nothing_of_a_hostile_case_becomes_an_element(backend: ScriptedBackend) -> None:
    file = read_case_file("h.jsonl", jsonl(HOSTILE, RIGHT))
    run = finished(Evaluations(backend).begin(file, None, False))
    assert run.outcome is not None
    run.file = type(file)(f"{NASTY}.jsonl", file.sha256, file.cases)
    for view in (evaluation_view.report_view(run.outcome), evaluation_view.ended(run)):
        shown = Reader(view)
        assert NASTY in shown.text or "img src=x" in shown.text
        assert not {name for name, _ in shown.elements} & (FORBIDDEN - {"svg", "style"})
        assert not [key for _, one in shown.elements for key in one if key.startswith("on")]


def test_uploads_are_checked(backend: ScriptedBackend) -> None:
    handlers, desk = EvaluationHandlers(backend), Desk()
    for given, said in (
        (None, "没有收到文件"),
        ({"name": 5}, "没有收到文件"),
        ({"name": "a.yaml", "size": LARGEST + 1}, "a.yaml 超过 2 MB"),
        ({"name": "a.yaml", "size": 1, "data": "A" * (2 * LARGEST)}, "a.yaml 超过 2 MB"),
        ({"name": "a.yaml", "data": "!"}, "a.yaml 没有传全"),
        (sent("../b.jsonl", b"{"), "b.jsonl line 1: not JSON; put it right"),
        (sent("<b>.jsonl", b"{"), "&lt;b&gt;.jsonl line 1"),
        (sent("c.csv", b""), "c.csv: the file is empty"),
        (sent("\ud800.txt", b""), "unknown form"),
    ):
        told = handlers.upload(given, desk)["told"]
        assert said in told, given
        told.encode()  # no lone surrogate goes out
        assert desk.uploaded is None
    update = handlers.upload(sent("mine.jsonl", jsonl(RIGHT)), desk)
    assert update["files"]["value"] == UPLOADED
    assert update["files"]["choices"][0] == ("mine.jsonl（上传，1 题）", UPLOADED)
    assert handlers.begin(UPLOADED, 0, False, desk)["told"] == ""
    assert finished(desk.run).passed == 1


@pytest.mark.parametrize(
    ("chosen", "limit", "said"),
    [
        (None, 0, "还没有选题目文件"),
        (UPLOADED, 0, "no case file / in"),
        (5, 0, "还没有选题目文件"),
        ("../park.jsonl", 0, "choose another"),
        ("park.jsonl", -1, "题数 -1 不是正整数"),
        ("park.jsonl", "x", "题数 x 不是正整数"),
    ],
)
def test_a_bad_start_is_said_in_one_line(
    backend: ScriptedBackend, chosen: object, limit: object, said: str
) -> None:
    desk = Desk()
    assert said in EvaluationHandlers(backend).begin(chosen, limit, False, desk)["told"]
    assert desk.run is None


def test_a_start_that_was_refused_leaves_the_page_as_it_is(backend: ScriptedBackend) -> None:
    assert list(EvaluationHandlers(backend).follow(Desk())) == [{}]


def test_a_page_that_goes_away_stops_its_run(backend: ScriptedBackend) -> None:
    handlers, desk = EvaluationHandlers(backend), Desk()
    handlers.begin("slow.jsonl", 0, False, desk)
    views = handlers.follow(desk)
    assert "题" in next(views)["outcome"]
    views.close()  # type: ignore[attr-defined]  # follow is a generator
    assert desk.run is not None
    assert desk.run.stopping.is_set()
    backend.go.set()
    assert finished(desk.run).status == "stopped"


def test_a_text_that_no_page_can_hold_is_left_out(backend: ScriptedBackend) -> None:
    handlers, desk = EvaluationHandlers(backend), Desk()
    row = json.dumps({"id": "s", "question": "备案\x07？", "all_of": ["\x08"]})
    handlers.upload(sent("s.jsonl", row.encode()), desk)
    handlers.begin(UPLOADED, 0, False, desk)
    *_, last = handlers.follow(desk)
    assert "\x07" not in last["report"]
    assert "备案？" in last["report"]


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


@needs_chromium
def test_tabs_are_reached_from_the_keyboard(context: BrowserContext, url: str) -> None:  # noqa: F811
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


@needs_chromium
def test_a_file_is_run_and_its_report_downloaded(
    context: BrowserContext,  # noqa: F811
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


@needs_chromium
def test_files_are_uploaded_and_their_texts_stay_text(
    context: BrowserContext,  # noqa: F811
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


@needs_chromium
def test_a_run_is_stopped_and_a_second_visitor_waits(
    browser: Browser,  # noqa: F811
    context: BrowserContext,  # noqa: F811
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


@needs_chromium
def test_a_page_that_is_closed_lets_the_next_evaluation_on(
    browser: Browser,  # noqa: F811
    context: BrowserContext,  # noqa: F811
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


@needs_chromium
def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, url: str) -> None:  # noqa: F811
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
