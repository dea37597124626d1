"""Files to issues: encodings, front matter, dates, and files that cannot be read."""

from __future__ import annotations

import errno
import json
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.errors import CorpusError, UnreadableFile
from rag.index.build import build
from rag.index.store import Store
from rag.ingest.readers import (
    corpus_files,
    decode,
    find_issue,
    front_matter,
    name_date,
    read_issue,
    read_issues,
)
from tests.support.fakes import HashEncoder

PAGE = "# 云岭科技园迎来首批企业\n\n◎本报记者 甘棠\n\n首批入驻企业三十二家，总投资十八亿元。\n"


def test_front_matter_names_the_issue(tmp_path: Path):
    path = tmp_path / "x.md"
    head = "---\ndate: 2024-05-01\npaper: 云岭报\npage: 第3版\ntitle: 五一特刊\n---\n"
    path.write_text(head + PAGE, "utf-8")
    issue = read_issue(path)
    assert (issue.date, issue.paper, issue.page) == (date(2024, 5, 1), "云岭报", "3")
    assert (issue.title, issue.articles[0].date) == ("五一特刊", date(2024, 5, 1))


def test_broken_front_matter_stays_text():
    text = "---\n: : [\n---\n正文。\n"
    assert front_matter(text) == ({}, text)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2024-09-18-parks", date(2024, 9, 18)),
        ("paper_20240918", date(2024, 9, 18)),
        ("2024年9月18日第六版", date(2024, 9, 18)),
        ("2024-13-40", None),
        ("000_82d49d3c970f6613", None),
        ("issue-7", None),
    ],
)
def test_date_from_the_name(name: str, day: date | None):
    assert name_date(name) == day


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str):
    assert decode(PAGE.encode(encoding)) == PAGE


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(data: bytes):
    try:
        decode(data)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.md", b"", "empty"),
        ("blank.md", b" \n\n", "empty"),
        ("picture.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "binary"),
        ("big5.txt", "臺灣的科學園區發展迅速，許多廠商進駐。".encode("big5"), "encoding"),
        ("cut.txt", "云岭".encode("utf-16") + b"x", "encoding is not known; save"),
        ("page.doc", b"text", "unknown form"),
        ("rows.jsonl", b"{not json}\n", "line 1 is not JSON"),
        ("rows2.jsonl", b'{"id": 1}\n', "line 1 has no text"),
    ],
)
def test_unreadable_file_is_one_clear_line(tmp_path: Path, name: str, data: bytes, reason: str):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=reason) as caught:
        read_issue(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rows_are_articles(tmp_path: Path):
    path = tmp_path / "news.jsonl"
    path.write_text(
        '{"id": "a", "date": "2024-01-02", "title": "题", "text": "本报讯(记者甲乙)一句。\\n二句。"}\n'
        '{"id": "b", "date": null, "text": "三句。"}\n',
        "utf-8",
    )
    first, second = read_issue(path).articles
    assert (first.headline, first.date, first.reporters) == ("题", date(2024, 1, 2), ("甲乙",))
    assert first.text.endswith("\n二句。")
    assert (second.headline, second.date, second.text) == ("", None, "三句。")


def test_the_date_of_a_folder_holds_for_what_is_in_it(tmp_path: Path):
    (tmp_path / "2024-05-01").mkdir()
    for name, day in (("6.md", date(2024, 5, 1)), ("2024-05-02.md", date(2024, 5, 2))):
        path = tmp_path / "2024-05-01" / name
        path.write_text(PAGE, "utf-8")
        assert read_issue(path, tmp_path).date == day


def test_corpus_files(tmp_path: Path):
    (tmp_path / "b.md").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    (tmp_path / ".hidden.md").write_text("x")
    assert [p.name for p in corpus_files(tmp_path)] == ["b.md", "a.txt"]
    with pytest.raises(CorpusError, match="no corpus folder"):
        corpus_files(tmp_path / "none")


@pytest.fixture
def hindered(tmp_path: Path) -> Path:
    """A corpus with one good file among what cannot be read."""
    corpus = tmp_path / "corpus"
    (corpus / "sub").mkdir(parents=True)
    (corpus / "good.md").write_text(PAGE, "utf-8")
    (corpus / "gone.md").symlink_to(corpus / "nowhere.md")
    (corpus / "round.md").symlink_to("round.md")
    (corpus / "linked").symlink_to(corpus / "sub")
    Path(os.fsdecode(os.fsencode(corpus) + b"/\xd4\xc6.md")).write_text(PAGE, "utf-8")
    os.mkfifo(corpus / "pipe.md")
    return corpus


REASONS = {
    "gone.md": "cannot be read",
    "linked": "link to a folder",
    "round.md": "cannot be read",
    "\udcd4\udcc6.md": "not UTF-8; rename it",
}


def test_what_hinders_one_file_hinders_no_other(hindered: Path):
    names = [path.name for path in corpus_files(hindered)]
    assert names == sorted(["good.md", *REASONS])
    assert read_issue(hindered / "good.md", hindered).id == "good"
    for name, reason in REASONS.items():
        with pytest.raises(UnreadableFile, match=reason) as caught:
            read_issue(hindered / name, hindered)
        json.dumps(str(caught.value), ensure_ascii=False).encode("utf-8")
        issues, (refused,) = read_issues(hindered / name, hindered)
        assert (issues, refused.reason) == ([], caught.value.reason)
        json.dumps(refused.source, ensure_ascii=False).encode("utf-8")


def test_build_goes_on_without_them(hindered: Path, tmp_path: Path):
    manifest = build(Settings(corpus=hindered, index=tmp_path / "index"), HashEncoder())
    assert manifest.issues == 1
    assert len(manifest.unreadable) == len(REASONS)
    assert Store(tmp_path / "index").manifest() == manifest


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that may not be listed, as root may list all there are."""
    folder = tmp_path / "locked"
    folder.mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if os.fspath(path) == str(folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return folder


def test_a_folder_that_may_not_be_listed_is_told(locked: Path):
    (locked.parent / "good.md").write_text(PAGE, "utf-8")
    assert corpus_files(locked.parent) == [locked.parent / "good.md", locked]
    with pytest.raises(UnreadableFile, match="folder cannot be listed; check its permissions"):
        read_issue(locked, locked.parent)


def test_a_corpus_that_may_not_be_listed(locked: Path):
    with pytest.raises(CorpusError, match="cannot be listed .Permission denied.; "):
        corpus_files(locked)


def test_find_issue_by_path_or_id(tmp_path: Path):
    (tmp_path / "2024-05-01.md").write_text(PAGE, "utf-8")
    assert find_issue("2024-05-01", tmp_path).id == "2024-05-01"
    assert find_issue(str(tmp_path / "2024-05-01.md"), tmp_path).id == "2024-05-01"
    with pytest.raises(CorpusError, match="no file and no issue"):
        find_issue("none", tmp_path)
