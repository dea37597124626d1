"""The library without a browser: names, taking in, removing, and what the tab's events do."""

from __future__ import annotations

import ast
import base64
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.config import Settings, load_settings
from rag.errors import ConfigError, CorpusError, RagError, UnreadableFile
from rag.index.build import build
from rag.index.watch import look
from rag.ingest.readers import SUFFIXES, corpus_files
from rag.library import LONGEST, REMOVED, Files, Library, safe_name
from rag.progress import Silent
from rag.types import Article, Manifest, News, Unreadable, Work
from rag.web import library_view, upkeep_view
from rag.web.conversation import Conversation
from rag.web.holdings import MOST, Period, bars, holdings, read_period, said
from rag.web.language import ENGLISH, speaking
from rag.web.library_handlers import MOST_WAITING, Desk, LibraryHandlers
from rag.web.library_tab import LibraryTab
from rag.web.news import changes
from rag.web.page import build_page
from rag.web.reasons import reason, told
from rag.web.timeline import timeline
from tests.support.fakes import HashEncoder
from tests.support.make_files import newspaper, pack
from tests.support.markup import FORBIDDEN, Reader
from tests.support.paths import ROOT
from tests.support.scripted_backend import NASTY, ScriptedBackend
from tests.support.scripted_keeper import ScriptedKeeper

PAGE = """---
paper: 云岭日报
page: 3
---
# 云岭科技园迎来首批企业

◎本报记者 甘棠

云岭科技园4月启用，首批入驻企业32家，总投资18亿元。

## 人才政策

园区为博士提供每月3000元补贴，已有57人领取。
""".encode()
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "corpus").mkdir()
    return Settings(
        corpus=tmp_path / "corpus",
        index=tmp_path / "index",
        cache_dir=tmp_path / "cache",
        upload_mb=1,
    )


@pytest.fixture
def library(settings: Settings) -> Library:
    return Library(settings)


class Shelved(ScriptedBackend):
    """A scripted assistant over articles that a test gives."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.kept: list[Article] = [self.long, self.nasty]
        self.version = "000001-aa"
        self.unreadable: tuple[Unreadable, ...] = ()

    @property
    def manifest(self) -> Manifest:
        return replace(super().manifest, version=self.version, unreadable=self.unreadable)

    def articles(self) -> list[Article]:
        return self.kept


@pytest.fixture
def backend(settings: Settings) -> Shelved:
    return Shelved(settings)


@pytest.fixture
def keeper() -> ScriptedKeeper:
    return ScriptedKeeper()


@pytest.fixture
def handlers(backend: Shelved, library: Library, keeper: ScriptedKeeper) -> LibraryHandlers:
    return LibraryHandlers(backend, library, keeper)


def article(number: int, day: date | None, **facts: str) -> Article:
    issue = f"{day or 'undated'}-{number}"
    return Article(
        id=f"{number:016x}",
        issue_id=issue,
        headline=f"第{number}篇",
        text="正文",
        date=day,
        **facts,
    )


def sent(name: str, data: bytes, first: bool = True) -> dict[str, object]:
    encoded = base64.b64encode(data).decode()
    return {"name": name, "size": len(data), "data": encoded, "first": first}


def texts(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


NAMES = st.text(max_size=120) | st.text(
    st.sampled_from("./\\: .~\x00\x1f\u202e\u0301eaＡ报conCON1|*?<>\"'&$"), max_size=40
)


@given(NAMES, st.sampled_from([*sorted(SUFFIXES), ".MD", ".Pdf"]))
@example("../../etc/passwd", ".md")
@example("..\\..\\windows\\con", ".txt")
@example("e\u0301\u200b\u0301" * 60, ".zip")
@example("a\u202e\ud800", ".md")
def test_a_safe_name_is_one_visible_file_of_the_corpus(stem: str, suffix: str) -> None:
    try:
        name = safe_name(f"{stem}{suffix}")
    except UnreadableFile:
        return
    assert safe_name(name) == name
    assert not set(name) & set('/\\<>:"|?*')
    assert name == Path(name).name
    assert not name.startswith(".")
    assert name.isprintable()
    assert unicodedata.is_normalized("NFC", name)
    assert len(name.encode()) <= LONGEST
    assert Path(name).suffix in SUFFIXES
    assert Path(name).stem == Path(name).stem.rstrip(". ")
    device = Path(name).stem.partition(".")[0].strip().lower()
    assert device not in {
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{d}{n}" for d in ("com", "lpt") for n in range(10)),
    }


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("2024-05-01-云岭.md", "2024-05-01-云岭.md"),
        ("/home/我/报.PDF", "报.pdf"),
        ("C:\\报\\CON.txt", "_CON.txt"),
        ("..隐藏.md", "隐藏.md"),
        ("a\tb\u3000 c.md", "a b c.md"),
        ("<b>报</b>.md", "b_.md"),
        ("<b>报.md", "_b_报.md"),
        ("cafe\u0301.zip", "café.zip"),
        ("报" * 100 + ".md", "报" * 59 + ".md"),
    ],
)
def test_names_are_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@pytest.mark.parametrize(
    "name", ["", ".md", "报", "报.exe", "报.md.exe", "..", "a/", " .md", "\x00"]
)
def test_what_is_no_form_that_is_read_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"unknown form .*; use \.docx"):
        safe_name(name)


def test_a_preview_reads_as_a_build_does_and_writes_nothing(library: Library) -> None:
    preview = library.preview("x/2024-05-01-a.md", PAGE)
    (issue,) = preview.issues
    assert (preview.name, issue.id, issue.date) == (
        "2024-05-01-a.md",
        "2024-05-01-a",
        date(2024, 5, 1),
    )
    assert issue.articles[0].headline == "云岭科技园迎来首批企业"
    assert (preview.unreadable, preview.held) == ((), "")
    assert list(library.corpus.iterdir()) == []


def test_archives_and_pages_of_other_forms_are_previewed(library: Library) -> None:
    packed = pack({"2024-05-01.md": PAGE.decode(), "b.exe": "x", "c.txt": " "})
    preview = library.preview("may.zip", packed)
    assert [issue.id for issue in preview.issues] == ["may/2024-05-01"]
    assert [item.source for item in preview.unreadable] == ["may.zip/b.exe", "may.zip/c.txt"]
    assert library.preview("p.pdf", newspaper(3, 20)).issues[0].articles
    (item,) = library.preview("p.pdf", b"%PDF-1.7 cut off").unreadable
    assert (item.source, item.reason) == ("p.pdf", "the PDF is damaged; save it anew")


def test_a_file_that_is_too_large_is_refused(library: Library) -> None:
    data = b"#" * (library.largest + 1)
    for act in (library.preview, library.take):
        with pytest.raises(UnreadableFile, match="larger than 1 MB; split it"):
            act("a.md", data)
    assert list(library.corpus.iterdir()) == []


def test_a_file_is_taken_in_by_one_rename(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    rename = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append({path.name for path in corpus_files(library.corpus)})
        assert self.read_bytes() == PAGE, "whole before it is seen"
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    assert library.take("../2024-05-01.md", PAGE) == "2024-05-01.md"
    assert seen == [set()], "what is being written is hidden"
    assert texts(library.corpus) == {"2024-05-01.md": PAGE}
    assert set(look(library.corpus)) == {"2024-05-01.md"}


def test_a_write_that_fails_leaves_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.library.sync", full)
    with pytest.raises(CorpusError, match=r"a\.md cannot be written \(No space left"):
        library.take("a.md", PAGE)
    assert list(library.corpus.iterdir()) == []


def test_a_missing_corpus_folder_is_made(settings: Settings, tmp_path: Path) -> None:
    library = Library(settings.model_copy(update={"corpus": tmp_path / "new" / "corpus"}))
    assert library.files().names == frozenset()
    assert library.preview("a.md", PAGE).held == ""
    library.take("a.md", PAGE)
    assert library.files().names == {"a.md"}


def test_another_file_is_replaced_only_where_that_is_said(library: Library) -> None:
    library.take("a.md", PAGE)
    assert library.preview("a.md", PAGE).held == "same"
    assert library.take("a.md", PAGE) == "a.md"
    other = PAGE + "更正。\n".encode()
    assert library.preview("a.md", other).held == "other"
    with pytest.raises(CorpusError, match=r"a\.md is in the corpus already"):
        library.take("a.md", other)
    assert texts(library.corpus) == {"a.md": PAGE}
    library.take("a.md", other, replace=True)
    library.take("a.md", PAGE, replace=True)
    assert texts(library.corpus) == {
        "a.md": PAGE,
        f"{REMOVED}/a.md": PAGE,
        f"{REMOVED}/a.2.md": other,
    }
    assert library.files().names == {"a.md"}, "what is kept is not read"


def test_nothing_outside_is_written_through_links(library: Library, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_bytes(b"mine")
    (library.corpus / "a.md").symlink_to(outside)
    library.take("a.md", PAGE, replace=True)
    assert outside.read_bytes() == b"mine"
    assert not (library.corpus / "a.md").is_symlink()
    (library.corpus / "gone.md").symlink_to(tmp_path / "gone")
    (library.corpus / "folder.md").mkdir()
    for name in ("gone.md", "folder.md"):
        with pytest.raises(UnreadableFile, match="the name is taken by what is no file"):
            library.take(name, PAGE, replace=True)
    assert not (tmp_path / "gone").exists()


def test_a_removed_file_is_kept_aside(library: Library) -> None:
    folder = library.corpus / "2024"
    folder.mkdir()
    for content in (PAGE, b"# other\n"):
        (folder / "a.md").write_bytes(content)
        library.remove("2024/a.md")
    assert texts(library.corpus) == {
        f"{REMOVED}/2024/a.md": PAGE,
        f"{REMOVED}/2024/a.2.md": b"# other\n",
    }
    assert library.files().names == frozenset()


def test_only_files_of_the_corpus_are_removed(library: Library, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.md").write_bytes(PAGE)
    (library.corpus / "linked").symlink_to(outside)
    (library.corpus / ".hidden.md").write_bytes(PAGE)
    before = texts(tmp_path)
    for source in (
        "../outside/b.md",
        str(outside / "b.md"),
        "linked/b.md",
        "linked",
        ".hidden.md",
        ".",
        "",
        "none.md",
        "a\x00.md",
        "\ud800.md",
    ):
        with pytest.raises(CorpusError, match="in the corpus; load the page again"):
            library.remove(source)
    assert texts(tmp_path) == before
    (library.corpus / "to-b.md").symlink_to(outside / "b.md")
    library.remove("to-b.md")
    assert (outside / "b.md").read_bytes() == PAGE, "the link is moved, not the file"


def test_a_hidden_folder_that_leads_elsewhere_is_not_used(library: Library, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (library.corpus / REMOVED).symlink_to(tmp_path / "elsewhere")
    (library.corpus / "a.md").write_bytes(PAGE)
    with pytest.raises(CorpusError, match="is a link; put a folder in its place"):
        library.remove("a.md")
    assert (library.corpus / "a.md").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_files_that_hold_an_issue_are_found(library: Library) -> None:
    for name in ("a.md", "a.txt", "2024/may.zip", "2024/may-b.md"):
        path = library.corpus / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PAGE)
    files = library.files()
    assert files.of_issue("a") == ("a.md", "a.txt")
    assert files.of_issue("2024/may/inner/01") == ("2024/may.zip",)
    assert files.of_issue("2024/may-b") == ("2024/may-b.md",)
    assert files.of_issue("2024") == files.of_issue("a/b") == files.of_issue("") == ()
    assert files.of("2024/may.zip/inner/01.exe") == "2024/may.zip"
    assert files.of("a.md") == "a.md"
    assert files.of("b.md") == files.of("") == ""


def test_the_largest_upload_has_bounds() -> None:
    assert load_settings().upload_mb == 20
    for wrong in (0, 51, "many"):
        with pytest.raises(ConfigError, match="setting upload_mb"):
            load_settings(upload_mb=wrong)


def ingest_reasons() -> Iterator[str]:
    """Every message of the readers that has a remedy, its blanks filled."""
    for path in sorted((ROOT / "rag" / "ingest").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        inner = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
        prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                pieces = [v.value if isinstance(v, ast.Constant) else "7" for v in node.values]
                text = "".join(map(str, pieces))
            elif isinstance(node, ast.Constant) and id(node) not in inner | prose:
                text = str(node.value)
            else:
                continue
            if re.match(r"[\w ,'().-]+; [a-z]", text):
                yield text


def test_every_reason_of_the_readers_is_said_in_chinese() -> None:
    reasons = set(ingest_reasons())
    assert len(reasons) > 30
    # of `find_issue` and of a misuse, which no page comes to
    never = ("7 holds 7 issues", "no file and no issue")
    unsaid = [r for r in reasons if not CHINESE.search(reason(r)) and not r.startswith(never)]
    assert unsaid == []
    assert reason("something new; do this") == "something new; do this"


def test_errors_are_told_in_one_chinese_line(library: Library) -> None:
    errors: list[CorpusError] = []
    (library.corpus / "a.md").write_bytes(b"other")
    for act in (
        lambda: library.take("坏.exe", b""),
        lambda: library.take("a.md", b"#" * (library.largest + 1)),
        lambda: library.take("a.md", PAGE),
        lambda: library.remove("none.md"),
    ):
        with pytest.raises(CorpusError) as caught:
            act()
        errors.append(caught.value)
    assert [told(error) for error in errors] == [
        "坏.exe：不认得 .exe 这种文件；请换成 .docx .htm .html .jsonl .md .pdf .txt .zip。",
        "a.md：超过 1 MB；请拆成几个文件。",
        "资料库里已有另一个 a.md；要替换请确认。",
        "资料库里已没有 none.md；请重新打开页面。",
    ]


def test_issues_are_listed_newest_first_and_undated_ones_last() -> None:
    days = (date(2024, 5, 1), None, date(2024, 9, 1), date(2023, 1, 1))
    held = holdings(article(i, day, page="3", paper="云岭日报") for i, day in enumerate(days))
    assert [one.date for one in held] == [days[2], days[0], days[3], None]
    view = Reader(library_view.collection(held, 60, None, None)).text
    shown = [view.index(f"第{number}篇") for number in (2, 0, 3, 1)]
    assert shown == sorted(shown)
    assert view.rindex("日期不详") > view.rindex("2023年")
    assert "云岭日报 · 第3版" in view
    assert "4 期 · 4 篇文章 · 2023年1月1日至2024年9月1日 · 1 期日期不详" in view


@given(st.lists(st.dates(date(1940, 1, 1), date(2100, 1, 1)) | st.none(), max_size=30))
@example([date.min, date.max])
def test_the_chart_counts_every_dated_article_once(days: list[date | None]) -> None:
    held = holdings(article(i, day) for i, day in enumerate(days))
    unit, stretches = bars(held)
    dated = [day for day in days if day]
    assert sum(bar.articles for bar in stretches) == len(dated)
    assert len(stretches) <= max(MOST, len(dated))
    for before, after in pairwise(stretches):
        assert before.period.end < after.period.start
    for bar in stretches:
        inside = [one for one in held if bar.period.holds(one.date)]
        assert len(inside) == bar.issues
        assert read_period(f"{bar.period.start}/{bar.period.end}") == bar.period
        assert said(bar.period, unit)
    Reader(timeline(held, None))


@pytest.mark.parametrize(
    ("days", "unit", "count"),
    [(0, "day", 1), (60, "day", 61), (61, "week", 9), (371, "month", 13), (4000, "year", 11)],
)
def test_the_charts_stretches_follow_its_span(days: int, unit: str, count: int) -> None:
    first = date(2024, 1, 1)
    held = holdings([article(0, first), article(1, date.fromordinal(first.toordinal() + days))])
    got, stretches = bars(held)
    assert (got, len(stretches)) == (unit, count)


@pytest.mark.parametrize(
    "text", [None, 5, "", "2024", "2024-05-01", "a/b", "2024-05-01/2024-13-01"]
)
def test_what_is_no_period_is_none(text: object) -> None:
    assert read_period(text) is None


def test_a_file_goes_from_preview_to_the_corpus(
    handlers: LibraryHandlers, library: Library, keeper: ScriptedKeeper
) -> None:
    desk = Desk()
    shelf = Reader(handlers.upload(sent("2024-05-01.md", PAGE), desk)["shelf"]).text
    for part in (
        "2024-05-01.md",
        "1 期 · 1 篇文章",
        "云岭日报 · 2024年5月1日 · 第3版",
        "◎本报记者 甘棠",
        "1 个小节",
        "收入资料库",
        "放弃",
    ):
        assert part in shelf
    assert list(library.corpus.iterdir()) == []
    update = handlers.take("1", desk)
    assert "已收入 2024-05-01.md；索引正在更新" in update["told"]
    assert texts(library.corpus) == {"2024-05-01.md": PAGE}
    assert (keeper.woken, desk.waiting) == (1, {})
    assert handlers.take("1", desk)["told"] == "", "a second click finds nothing"
    again = handlers.upload(sent("2024-05-01.md", PAGE), desk)["shelf"]
    assert "内容一样" in again
    assert 'data-act="take"' not in again
    other = handlers.upload(sent("2024-05-01.md", PAGE + b"\n"), desk)["shelf"]
    assert "替换同名文件" in other
    assert len(desk.waiting) == 1, "it stands for the one before"
    handlers.take(None, desk)
    assert texts(library.corpus) == {"2024-05-01.md": PAGE}, "all: but those that need a look"
    handlers.take("3", desk)
    assert texts(library.corpus)["2024-05-01.md"] == PAGE + b"\n"


def test_several_files_are_taken_or_given_up_together(
    handlers: LibraryHandlers, library: Library
) -> None:
    desk = Desk()
    for name in ("a.md", "b.md"):
        update = handlers.upload(sent(name, PAGE, first=name == "a.md"), desk)
    assert "全部收入（2 个）" in update["shelf"]
    assert "日期不详" in update["shelf"]
    handlers.take(None, desk)
    assert library.files().names == {"a.md", "b.md"}
    handlers.upload(sent("c.md", PAGE), desk)
    handlers.discard("x", desk)
    assert len(desk.waiting) == 1
    handlers.discard(None, desk)
    assert desk.waiting == {}


def test_uploads_are_checked(handlers: LibraryHandlers, library: Library) -> None:
    desk = Desk()
    large = library.largest
    for given_event, line in (
        (None, "没有收到文件"),
        ({"name": 5}, "没有收到文件"),
        ({"name": "a.exe", "size": 1}, "a.exe：不认得 .exe"),
        ({"name": "a.md", "size": large + 1}, "a.md：超过 1 MB"),
        ({"name": "a.md", "size": 1, "data": "A" * (2 * large)}, "a.md：超过 1 MB"),
        ({"name": "a.md", "size": 3, "data": "!"}, "a.md 没有传全"),
        ({"name": "a.md", "size": -1}, "a.md 没有传全"),
        (sent("a.md", b""), "a.md：文件是空的"),
        (sent("../../a.pdf", b"MZ\x00"), "a.pdf：PDF 已损坏"),
        (sent("a.zip", pack({"b.exe": "x"})), "a.zip：不认得 .exe"),
        (sent("\ud800a.exe", b"x"), "a.exe：不认得 .exe"),
        (sent(".exe", b"x"), "exe：文件名没有后缀；能读的是 .docx"),
    ):
        shown = handlers.upload({**(given_event or {}), "first": True}, desk)["shelf"]
        shown.encode()  # no lone surrogate goes out
        assert [line in notice for notice in desk.refused] == [True], given_event
        assert line in Reader(shown).text
        assert desk.waiting == {}
    for number in range(MOST_WAITING):
        handlers.upload(sent(f"{number}.md", PAGE), desk)
    handlers.upload(sent("more.md", PAGE), desk)
    assert len(desk.waiting) == MOST_WAITING
    assert "等着收入的文件太多" in desk.refused[0]


def test_a_file_that_came_meanwhile_is_not_overwritten(
    handlers: LibraryHandlers, library: Library
) -> None:
    desk = Desk()
    handlers.upload(sent("a.md", PAGE), desk)
    (library.corpus / "a.md").write_bytes(b"theirs")
    update = handlers.take("1", desk)
    assert "资料库里已有另一个 a.md" in update["shelf"]
    assert texts(library.corpus) == {"a.md": b"theirs"}


def test_a_file_is_removed_and_its_issue_says_so(
    handlers: LibraryHandlers, library: Library, keeper: ScriptedKeeper, backend: Shelved
) -> None:
    (library.corpus / f"{backend.long.issue_id}.md").write_bytes(PAGE)
    desk = Desk()
    before = handlers.greet(desk)["collection"]
    assert 'data-source="2024-05-06.md"' in before
    update = handlers.remove("2024-05-06.md", desk)
    assert "已移走 2024-05-06.md" in update["told"]
    assert 'data-source="2024-05-06.md"' not in update["collection"]
    assert "文件已移走" in update["collection"]
    assert keeper.woken == 1
    for wrong in ("2024-05-06.md", "../x", None, "\ud800"):
        line = handlers.remove(wrong, desk)["told"]
        line.encode()
        assert CHINESE.search(line)
    assert keeper.woken == 1


def test_without_a_library_nothing_is_changed(backend: Shelved, settings: Settings) -> None:
    handlers, desk = LibraryHandlers(backend, None, None), Desk()
    (settings.corpus / "2024-05-06.md").write_bytes(PAGE)
    view = handlers.greet(desk)["collection"]
    assert "data-source" not in view
    assert "移走" not in view
    assert "只能看" in handlers.remove("2024-05-06.md", desk)["told"]
    assert "只能看" in handlers.upload(sent("a.md", PAGE), desk)["shelf"]
    assert texts(settings.corpus) == {"2024-05-06.md": PAGE}


def test_long_lists_come_in_parts_and_by_period(
    handlers: LibraryHandlers, backend: Shelved
) -> None:
    first = date(2024, 1, 1).toordinal()
    backend.kept = [article(i, date.fromordinal(first + 3 * i)) for i in range(150)]
    desk = Desk()
    rows = re.compile(r"<li><details ")
    assert len(rows.findall(handlers.greet(desk)["collection"])) == 60
    assert "再列 30 期（还有 30 期）" in handlers.list_more(desk)["collection"]
    view = handlers.choose("2024-05-01/2024-05-31", desk)["collection"]
    assert "只列出2024年5月的 10 期，10 篇。" in Reader(view).text
    assert len(rows.findall(view)) == 10
    assert 'aria-pressed="true"' in view
    assert desk.shown == library_view.PAGE
    assert "只列出" not in handlers.choose("2024-05-01/2024-05-31", desk)["collection"]
    assert "只列出" not in handlers.choose("nonsense", desk)["collection"]


def test_the_index_that_was_built_is_shown(settings: Settings, backend: Shelved) -> None:
    (settings.corpus / "2024-05-01.md").write_bytes(PAGE)
    (settings.corpus / "scan.pdf").write_bytes(b"%PDF")
    manifest = build(settings, HashEncoder(), Silent())
    backend.unreadable = manifest.unreadable
    keeping = Reader(LibraryHandlers(backend, Library(settings), None).redraw(Desk())["keeping"])
    for part in (manifest.version, "在用", "scan.pdf", "PDF 已损坏", "改好后会自动再读"):
        assert part in keeping.text
    sources = [one.get("data-source") for _, one in keeping.elements if "data-source" in one]
    assert sources == ["scan.pdf"]


def test_a_page_of_an_archive_is_not_removed_alone() -> None:
    files = Files(frozenset({"a.zip"}), {"a": ("a.zip",)})
    view = upkeep_view.quarantine([Unreadable("a.zip/b.exe", "x"), Unreadable("a.zip", "y")], files)
    assert view.count("data-source") == 1


def test_an_index_that_cannot_be_read_is_told(handlers: LibraryHandlers, backend: Shelved) -> None:
    def damaged() -> list[Article]:
        raise RagError("index is damaged; run `rag build`")

    backend.articles = damaged  # type: ignore[method-assign]
    assert "index is damaged" in handlers.greet(Desk())["collection"]


@pytest.mark.parametrize(
    ("news", "line"),
    [
        ([News("v", ("a",), 3)], "新一期已入库：3 篇文章"),
        ([News("v", ("a",), 3), News("w", ("b",), 4)], "2 期新报已入库：7 篇文章"),
        ([News("v", ("a",), 3, 1)], "资料已更新：新增 3 篇，删去 1 篇"),
        ([News("v", (), 0, 2)], "资料已更新：删去 2 篇"),
        ([News("v", (), 1, 0)], "资料已更新：新增 1 篇"),
        ([News("v")], ""),
    ],
)
def test_news_are_told_in_a_line(news: list[News], line: str) -> None:
    assert upkeep_view.news_line(news) == line
    assert (line in upkeep_view.toast(news, 1)) and bool(upkeep_view.toast(news, 1)) == bool(line)


def test_news_in_english() -> None:
    with speaking(ENGLISH):
        assert upkeep_view.news_line([News("v", ("a",), 1)]) == "A new issue has come in: 1 article"


def test_work_is_shown_while_there_is_some() -> None:
    assert library_view.upkeep(Work()) == ""
    view = library_view.upkeep(Work("编码段落", 3, 8))
    assert "正在更新索引：编码段落 3 / 8" in view
    assert 'value="3"' in view
    assert "value" not in library_view.upkeep(Work("读取报纸"))
    assert "&lt;b&gt;" in library_view.upkeep(Work(problem="<b>"))


def test_a_page_is_told_only_what_changed(
    handlers: LibraryHandlers, backend: Shelved, keeper: ScriptedKeeper
) -> None:
    import gradio as gr

    tab = LibraryTab(handlers, {}, gr.State(None, render=False))
    desk, talk = Desk(), Conversation()
    keeper.told.append(News("v0", ("early",), 9))
    handlers.greet(desk)

    def ask() -> dict[str, object]:
        return changes(backend, keeper, tab, desk, talk)

    assert ask() == {}, "what came before the page was opened is no news to it"
    keeper.doing = Work("编码段落", 1, 2)
    assert set(ask()) == {"upkeep"}
    assert ask() == {}
    keeper.doing = Work()
    backend.version, backend.kept = "000002-bb", [backend.long]
    keeper.told.append(News("000002-bb", ("2024-05-06",), 1))
    update = ask()
    assert set(update) == {
        "upkeep",
        "news",
        "head",
        "past",
        "notice",
        "collection",
        "keeping",
    }
    assert "新一期已入库：1 篇文章" in str(update["news"])
    assert "馆藏 " in str(update["head"])
    assert ask() == {}
    talk.ask("备案有多少？")
    backend.version = "000003-cc"
    assert set(ask()) == {"head", "collection", "keeping"}, "the conversation is left alone"
    assert ask() == {}


def test_news_do_not_take_the_place_of_a_question_that_comes_meanwhile(
    handlers: LibraryHandlers, backend: Shelved, keeper: ScriptedKeeper
) -> None:
    import gradio as gr

    desk, talk, examples = Desk(), Conversation(), backend.examples
    handlers.greet(desk)
    backend.version = "000002-bb"
    backend.examples = lambda: (talk.ask("备案有多少？"), examples())[1]  # type: ignore[method-assign]
    tab = LibraryTab(handlers, {}, gr.State(None, render=False))
    assert not {"past", "notice"} & set(changes(backend, keeper, tab, desk, talk))


def test_articles_are_read_once_for_an_index(handlers: LibraryHandlers, backend: Shelved) -> None:
    reads = []
    articles = backend.articles
    backend.articles = lambda: (reads.append(1), articles())[1]  # type: ignore[method-assign]
    for _ in range(3):
        handlers.redraw(Desk())
    assert len(reads) == 1
    backend.version = "000002-bb"
    handlers.redraw(Desk())
    assert len(reads) == 2


def test_nothing_of_a_hostile_file_becomes_an_element(
    handlers: LibraryHandlers, backend: Shelved, library: Library
) -> None:
    page = (
        f"# 标题{NASTY}\n\n◎本报记者 {NASTY}\n\n正文{NASTY}结束，写的是那里一天的工作。\n".encode()
    )
    desk = Desk()
    name = NASTY.replace("/", "_")
    os.makedirs(library.corpus / "x")
    (library.corpus / "x" / f"{name[:80]}.md").write_bytes(page)
    backend.kept = [replace(backend.nasty, issue_id=f"x/{name[:80]}")]
    backend.unreadable = (Unreadable(f"{NASTY}.md", NASTY),)
    views = [
        handlers.upload(sent(f"{name}.md", page), desk)["shelf"],
        handlers.upload(sent(f"{name}.exe", page), desk)["shelf"],
        *map(str, handlers.redraw(desk).values()),
        upkeep_view.toast([News("v", (NASTY,), 1)], 1),
        library_view.upkeep(Work(NASTY, 1, 2)),
    ]
    for view in views:
        shown = Reader(view)
        assert "img src=x" in shown.text or "_img src=x" in shown.text
        assert not {tag for tag, _ in shown.elements} & (FORBIDDEN - {"svg"})
        assert not [key for _, one in shown.elements for key in one if key.startswith("on")]


def test_the_chosen_period_stands_out() -> None:
    held = holdings(article(i, date(2024, m, 3)) for i, m in enumerate((1, 5, 9)))
    _, stretches = bars(held)
    chosen = next(bar.period for bar in stretches if bar.period.holds(date(2024, 5, 3)))
    drawn = Reader(timeline(held, chosen))
    buttons = [one for tag, one in drawn.elements if tag == "g"]
    assert [one["aria-pressed"] for one in buttons] == ["false", "true", "false"]
    assert [one["tabindex"] for one in buttons] == ["-1", "0", "-1"], "one stop of the Tab key"
    assert all("1 期，1 篇" in str(one["aria-label"]) for one in buttons)
    assert Reader(timeline(held, Period(date(1, 1, 1), date(1, 1, 2)))).elements


def test_the_named_endpoints_are_two_with_a_keeper_too() -> None:
    page = build_page(ScriptedBackend(), keeper=ScriptedKeeper())
    assert set(page.get_api_info()["named_endpoints"]) == {"/ask", "/search"}
