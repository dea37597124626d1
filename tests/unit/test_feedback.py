"""Thumbs up and down: what is kept, by whom it may be written, and what becomes of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rag import database as database_module
from rag import feedback as module
from rag.errors import RagError
from rag.evaluate.cases import read_cases
from rag.feedback import STEPS, Feedback, FeedbackError
from rag.types import Answer, Citation, Evidence, Timings
from tests.support.scripted_backend import NASTY

SQL = "'); DROP TABLE feedback; --"
DAY = datetime(2024, 9, 18, tzinfo=UTC)
ANSWER = Answer(
    question="那占地多少亩？",
    text="中试基地占地120亩[1]。",
    refused=False,
    citations=(
        Citation("[1]", "a", "建成", "i", date(2024, 6, 1), ("桑榆",), "占地120亩。", 0, 7),
    ),
    evidence=Evidence("", ()),
    timings=Timings(),
    index_version="000001-ab",
    generator="scripted",
    encoder="hash",
    standalone="中试基地占地多少亩？",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "feedback.sqlite"


def clock(*days: int) -> Callable[[], datetime]:
    times = iter(days)
    return lambda: DAY + timedelta(days=next(times))


def test_keeps_all_of_it_and_is_read_after_reopening(path: Path):
    Feedback(path, clock(0)).give(ANSWER, "down", " 数字不对 ", "应是130亩", user="甲")
    (row,) = Feedback(path).rows()
    assert (row.id, row.time, row.user) == (1, "2024-09-18T00:00:00.000000+00:00", "甲")
    assert (row.question, row.standalone) == (ANSWER.question, ANSWER.standalone)
    assert (row.answer, row.verdict) == (ANSWER.text, "down")
    assert (row.reason, row.comment) == ("数字不对", "应是130亩")
    assert (row.index_version, row.generator) == ("000001-ab", "scripted")
    assert row.citations[0]["quote"] == "占地120亩。"
    assert row.citations[0]["date"] == "2024-06-01"


def test_a_key_leads_to_the_thumb_that_was_given_and_to_no_other(path: Path):
    kept = Feedback(path, clock(0, 1, 2, 3))
    first, second = kept.give(ANSWER, "down", "漏了", "二期", "甲"), kept.give(ANSWER, "up")
    other = replace(ANSWER, text="改过")
    assert kept.give(other, "up", comment="三期", user="乙", key=first) == first
    one, two = kept.rows()
    assert (one.verdict, one.reason, one.comment) == ("up", "", "三期")
    assert (one.answer, one.user) == (ANSWER.text, "甲"), "what it was given to, and by whom"
    assert one.time.startswith("2024-09-20")
    assert (two.id, two.verdict) == (2, "up")
    assert len({first, second}) == 2
    assert min(map(len, (first, second))) == 32, "cannot be guessed"


def test_a_thumb_whose_row_is_gone_is_given_anew(path: Path):
    key = Feedback(path).give(ANSWER, "up")
    path.unlink()
    Feedback(path).give(ANSWER, "down", key=key)
    assert [row.verdict for row in Feedback(path).rows()] == ["down"]


def test_thumbs_of_before_there_were_keys_stay(path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(module, "STEPS", STEPS[:1])
        Feedback(path).rows()
    columns = "time, user, question, standalone, answer, index_version, generator, citations, "
    with closing(sqlite3.connect(path)) as database, database:
        for _ in range(2):
            database.execute(
                f"INSERT INTO feedback ({columns} verdict, reason, comment) "
                "VALUES ('2024', '', '问', '问', '答', '1', 'g', '[]', 'up', '', '')"
            )
    Feedback(path).give(ANSWER, "down")
    assert [row.verdict for row in Feedback(path).rows()] == ["up", "up", "down"]


def test_rows_since_a_time_in_any_zone(path: Path):
    kept = Feedback(path, clock(0, 1))
    kept.give(ANSWER, "up")
    kept.give(ANSWER, "down")
    china = timezone(timedelta(hours=8))
    noon = datetime(2024, 9, 19, 8, tzinfo=china)  # midnight of the 19th in UTC
    assert [row.id for row in kept.rows(noon)] == [2]
    assert kept.rows(noon + timedelta(seconds=1)) == []


@pytest.mark.parametrize("text", [NASTY, SQL, "a\0b", "换\n行\t\u2028", '"\\', "🙂\u202e"])
def test_nasty_text_comes_back_as_it_was(path: Path, text: str):
    kept = Feedback(path)
    answer = replace(ANSWER, question=text, text=text, standalone=text)
    kept.give(answer, "down", reason=text[:150], comment=text, user=text[:150])
    (row,) = kept.rows()
    stripped = text.strip()
    assert (row.question, row.answer, row.comment) == (text, text, stripped)
    assert (row.reason, row.user) == (text[:150].strip(), text[:150].strip())


def test_half_a_pair_is_no_reason_to_fail(path: Path):
    kept = Feedback(path)
    given = kept.give(replace(ANSWER, question="\ud800问"), "down", comment="\udfff")
    kept.give(ANSWER, "down", comment="又\ud800", key=given)
    (row,) = kept.rows()
    assert (row.question, row.comment) == ("?问", "又?")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"verdict": "maybe"}, "'maybe' is unknown; give up or down"),
        ({"verdict": "up", "comment": "长" * 2001}, "2001 characters; 2000 are the most"),
        ({"verdict": "up", "reason": "长" * 201}, "reason has 201 characters"),
    ],
)
def test_refuses(path: Path, given: dict[str, str], said: str):
    kept = Feedback(path)
    with pytest.raises(FeedbackError, match=said):
        kept.give(ANSWER, **given)  # type: ignore[arg-type]
    assert kept.rows() == []


def test_threads_lose_nothing(path: Path):
    kept = Feedback(path)
    start = threading.Barrier(6)
    problems: list[BaseException] = []

    def work(number: int) -> None:
        start.wait()
        try:
            for turn in range(8):
                given = kept.give(ANSWER, "up", user=f"{number}-{turn}")
                kept.give(ANSWER, "down", comment=f"{number}-{turn}", key=given)
                kept.rows()
        except RagError as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = kept.rows()
    assert not problems
    assert sorted(row.user for row in rows) == sorted(
        f"{n}-{t}" for n in range(6) for t in range(8)
    )
    assert all(row.comment == row.user and row.verdict == "down" for row in rows)


def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    Feedback(path).give(ANSWER, "down", "数字不对")
    added = "ALTER TABLE feedback ADD COLUMN place TEXT NOT NULL DEFAULT 'page'"
    monkeypatch.setattr(module, "STEPS", (*STEPS, added))
    for _ in range(2):  # the second opening has nothing left to do
        assert [(r.id, r.reason) for r in Feedback(path).rows()] == [(1, "数字不对")]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
        assert database.execute("SELECT place FROM feedback").fetchall() == [("page",)]
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch):
    Feedback(path).give(ANSWER, "up")
    bad = ("ALTER TABLE feedback ADD COLUMN place TEXT", "ALTER TABLE none ADD COLUMN x TEXT")
    with monkeypatch.context() as patch:
        patch.setattr(module, "STEPS", (*STEPS, *bad))
        with pytest.raises(FeedbackError, match="no such table: none"):
            Feedback(path).rows()
    assert len(Feedback(path).rows()) == 1
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
        columns = [row[1] for row in database.execute("PRAGMA table_info(feedback)")]
    assert "place" not in columns


def test_a_file_of_a_later_version(path: Path):
    Feedback(path).rows()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(FeedbackError, match="version 99.*; update it"):
        Feedback(path).rows()


def test_a_locked_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database_module, "PATIENCE", 0.01)
    kept = Feedback(path)
    kept.rows()
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(FeedbackError, match=r"database is locked.*; check") as caught:
            kept.give(ANSWER, "up")
        other.rollback()
    assert "\n" not in str(caught.value)
    assert kept.give(ANSWER, "up")


def test_a_file_that_cannot_be_written(path: Path, monkeypatch: pytest.MonkeyPatch):
    kept = Feedback(path)
    kept.rows()
    connect = sqlite3.connect

    def read_only(name: Path, timeout: float) -> sqlite3.Connection:
        return connect(f"{name.as_uri()}?mode=ro", timeout=timeout, uri=True)

    monkeypatch.setattr(sqlite3, "connect", read_only)
    with pytest.raises(FeedbackError, match=r"readonly database\); check"):
        kept.give(ANSWER, "up")


def test_what_is_no_file_of_feedback(path: Path, tmp_path: Path):
    (tmp_path / "page.txt").write_text("天晴" * 600, "utf-8")
    with pytest.raises(FeedbackError, match=r"not a database\); check"):
        Feedback(tmp_path / "page.txt").rows()
    with pytest.raises(FeedbackError, match="cannot be used"):
        Feedback(tmp_path).rows()
    with pytest.raises(FeedbackError, match="check its folder"):
        Feedback(tmp_path / "page.txt" / "feedback.sqlite").rows()


def test_thumbs_down_become_draft_cases(path: Path, tmp_path: Path):
    kept = Feedback(path)
    with pytest.raises(FeedbackError, match="nothing to export"):
        kept.export_cases(tmp_path / "none.yaml")
    kept.give(ANSWER, "up")
    kept.give(ANSWER, "down", "数字\n不对")
    kept.give(replace(ANSWER, question=NASTY, standalone=""), "down")
    assert kept.export_cases(tmp_path / "cases.yaml") == 2
    first, second = read_cases([tmp_path / "cases.yaml"])
    assert (first.id, first.question) == ("feedback-2", "中试基地占地多少亩？")
    assert first.tags == ("draft", "feedback", "数字 不对")
    assert (second.question, second.tags) == (NASTY, ("draft", "feedback"))
