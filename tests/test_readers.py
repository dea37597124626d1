"""Files to issues: encodings, front matter, dates, and files that cannot be read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import CorpusError, UnreadableFile
from rag.ingest.readers import corpus_files, decode, find_issue, front_matter, name_date, read_issue

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


def test_corpus_files(tmp_path: Path):
    (tmp_path / "b.md").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    (tmp_path / ".hidden.md").write_text("x")
    assert [p.name for p in corpus_files(tmp_path)] == ["b.md", "a.txt"]
    with pytest.raises(CorpusError, match="no corpus folder"):
        corpus_files(tmp_path / "none")


def test_find_issue_by_path_or_id(tmp_path: Path):
    (tmp_path / "2024-05-01.md").write_text(PAGE, "utf-8")
    assert find_issue("2024-05-01", tmp_path).id == "2024-05-01"
    assert find_issue(str(tmp_path / "2024-05-01.md"), tmp_path).id == "2024-05-01"
    with pytest.raises(CorpusError, match="no file and no issue"):
        find_issue("none", tmp_path)
