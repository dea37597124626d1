"""Conversations of those who log in: what the file keeps, whose it is, and how much of it."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rag import database as database_module
from rag import talks as module
from rag.cli import main
from rag.errors import RagError
from rag.talks import STEPS, Talks, TalksChanged, TalksError
from rag.users import Users
from tests.support.registered import PASSWORD
from tests.support.scripted_backend import NASTY

SQL = "'); DROP TABLE talks; --"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "conversations.sqlite3"


def number(place: int) -> str:
    return f"{place:016x}"


def record(place: int, title: str = "", **more: object) -> str:
    return json.dumps({"id": number(place), "title": title, **more}, ensure_ascii=False)


def put(
    talks: Talks, user: str, place: int, changed: int | None = None, title: str = ""
) -> list[str]:
    return talks.put(
        user, number(place), place if changed is None else changed, record(place, title)
    )


def read(talks: Talks, user: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in talks.all(user).records]


def ids(talks: Talks, user: str) -> list[int]:
    return [int(one["id"], 16) for one in read(talks, user)]


def test_what_is_put_is_there_for_its_user_alone(path: Path) -> None:
    put(Talks(path), "甲", 1, title="甲的")
    put(Talks(path), "乙", 1, title="乙的")  # the same id
    put(Talks(path), "甲", 2)
    talks = Talks(path)
    assert ids(talks, "甲") == [2, 1]
    assert [one["title"] for one in read(talks, "乙")] == ["乙的"]
    assert ids(talks, "丙") == ids(talks, "") == ids(talks, "%") == []
    talks.remove("乙", number(2))  # not theirs
    talks.remove("乙", number(9))
    assert ids(talks, "甲") == [2, 1]
    talks.remove("甲", number(1))
    assert ids(talks, "甲") == [2]
    assert ids(talks, "乙") == [1]
    talks.forget("甲")
    assert (ids(talks, "甲"), ids(talks, "乙")) == ([], [1])


def test_a_name_is_what_it_is_letter_for_letter(path: Path) -> None:
    talks = Talks(path)
    for place, name in enumerate(("anna", "Anna", "anna.", "安")):
        put(talks, name, place)
    assert [ids(talks, name) for name in ("anna", "Anna", "anna.", "安", "ANNA")] == [
        [0],
        [1],
        [2],
        [3],
        [],
    ]


def test_the_last_change_comes_first_and_takes_the_place_of_its_own(path: Path) -> None:
    talks = Talks(path)
    for place, changed in ((1, 30), (2, 10), (3, 20)):
        put(talks, "甲", place, changed)
    assert ids(talks, "甲") == [1, 3, 2]
    put(talks, "甲", 2, 40, "新")
    assert [one["title"] for one in read(talks, "甲")] == ["新", "", ""]
    assert ids(talks, "甲") == [2, 1, 3]


@pytest.mark.parametrize("text", [NASTY, SQL, "a\0b", "换\n行\t\u2028", '"\\', "🙂\u202e"])
def test_nasty_text_comes_back_as_it_was(path: Path, text: str) -> None:
    talks = Talks(path)
    talks.put(text, text, 1, json.dumps({"id": text, "title": text}, ensure_ascii=False))
    assert read(talks, text) == [{"id": text, "title": text}]
    talks.remove(text, text)
    assert read(talks, text) == []


def test_the_oldest_go_where_there_are_too_many(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    talks = Talks(path)
    put(talks, "乙", 1)
    assert [put(talks, "甲", place) for place in range(1, 4)] == [[], [], []]
    assert put(talks, "甲", 4) == [number(1)]
    assert put(talks, "甲", 3) == []
    assert ids(talks, "甲") == [4, 3, 2]
    assert put(talks, "甲", 1, 0) == [number(2)], "what is put stays, be it the oldest"
    assert ids(talks, "甲") == [4, 3, 1]
    assert ids(talks, "乙") == [1]


def test_the_oldest_go_where_they_take_too_much(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks, size = Talks(path), len(record(1, "题" * 100).encode())
    monkeypatch.setattr(module, "ROOM", 3 * size)
    assert [put(talks, "甲", place, title="题" * 100) for place in range(1, 4)] == [[], [], []]
    assert put(talks, "甲", 4, title="题" * 101) == [number(2), number(1)]
    assert ids(talks, "甲") == [4, 3]
    with pytest.raises(TalksError, match=r"takes \d+ bytes; \d+ are the most, begin another"):
        put(talks, "甲", 5, title="题" * 400)
    assert ids(talks, "甲") == [4, 3]


def test_the_room_is_enough_for_what_the_page_says() -> None:
    assert (module.MOST, module.ROOM) == (200, 4_000_000)


@pytest.mark.parametrize(
    "damage",
    [
        "{not json",
        "[]",
        "7",
        "{}",
        '{"id": "0000000000000009"}',
        '{"id": "0000000000000002", "n": NaN}',
        "[" * 100_000,
        b"\xff\xfe",
        '{"id": "0000000000000002"}'.encode("utf-16"),
        b"",
    ],
)
def test_a_damaged_row_is_dropped_and_counted_once(path: Path, damage: str | bytes) -> None:
    talks = Talks(path)
    for place in (1, 2):
        put(talks, "甲", place)
    put(talks, "乙", 2)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE talks SET record = ? WHERE user = '甲' AND id = ?", (damage, number(2))
        )
    found = talks.all("甲")
    assert (found.damaged, len(found.records)) == (1, 1)
    assert (talks.all("甲").damaged, ids(talks, "甲")) == (0, [1])
    assert ids(talks, "乙") == [2]


def test_the_file_is_for_its_owner_alone_and_keeps_nothing_that_was_deleted(path: Path) -> None:
    talks = Talks(path)
    assert not path.exists()
    talks.forget("甲")
    assert not path.exists(), "to forget is no reason to make a file"
    put(talks, "甲", 1, title="不可告人")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "不可告人".encode() in path.read_bytes()
    talks.remove("甲", number(1))
    assert not any("不可告人".encode() in one.read_bytes() for one in path.parent.iterdir())


def test_threads_lose_nothing(path: Path) -> None:
    talks = Talks(path)
    start = threading.Barrier(6)
    problems: list[BaseException] = []

    def work(who: int) -> None:
        start.wait()
        try:
            for turn in range(6):
                put(talks, str(who % 3), 10 * who + turn)
                talks.remove(str(who % 3), number(10 * who + turn - 1))
                talks.all(str(who % 3))
        except RagError as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert [ids(talks, str(who)) for who in range(3)] == [[35, 5], [45, 15], [55, 25]]


def test_what_was_changed_since_is_not_written_over(path: Path) -> None:
    talks = Talks(path)
    put(talks, "甲", 1, 10)
    talks.put("甲", number(1), 20, record(1, "二"), before=10)
    talks.put("甲", number(1), 20, record(1, "二"), before=10)  # sent twice
    with pytest.raises(TalksChanged, match="keep this one under another id"):
        talks.put("甲", number(1), 30, record(1, "三"), before=10)
    assert [one["title"] for one in read(talks, "甲")] == ["二"]
    talks.put("乙", number(1), 30, record(1, "三"), before=10)  # has none of that id
    talks.remove("甲", number(1))
    talks.put("甲", number(1), 30, record(1, "三"), before=20)  # deleted elsewhere
    assert [one["title"] for one in read(talks, "甲")] == ["三"]


def test_an_older_file_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(Talks(path), "甲", 1)
    added = "ALTER TABLE talks ADD COLUMN note TEXT NOT NULL DEFAULT ''"
    with monkeypatch.context() as patch:
        patch.setattr(module, "STEPS", (*STEPS, added, "ALTER TABLE none ADD COLUMN x TEXT"))
        with pytest.raises(TalksError, match="no such table: none"):
            Talks(path).all("甲")
    assert ids(Talks(path), "甲") == [1], "a step that fails leaves the file as it was"
    monkeypatch.setattr(module, "STEPS", (*STEPS, added))
    for _ in range(2):
        assert ids(Talks(path), "甲") == [1]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_of_a_later_version_is_one_line(path: Path) -> None:
    put(Talks(path), "甲", 1)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(TalksError, match=r"version 99.*; update it or name another") as caught:
        Talks(path).all("甲")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_removed_under_way_is_made_again(path: Path) -> None:
    talks = Talks(path)
    put(talks, "甲", 1)
    path.unlink()
    assert ids(talks, "甲") == []
    put(talks, "甲", 2)
    assert ids(talks, "甲") == [2]


def test_a_locked_file_is_one_line_and_is_read_meanwhile(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "PATIENCE", 0.01)
    talks = Talks(path)
    put(talks, "甲", 1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for work in (lambda: put(talks, "甲", 2), lambda: talks.remove("甲", number(1))):
            with pytest.raises(TalksError, match=r"database is locked.*; check") as caught:
                work()
            assert "\n" not in str(caught.value)
        assert ids(talks, "甲") == [1]
        other.rollback()
    put(talks, "甲", 2)
    assert ids(talks, "甲") == [2, 1]


def test_a_file_that_cannot_be_written_is_one_line(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks = Talks(path)
    put(talks, "甲", 1)
    (tmp_path / "page.txt").write_text("天晴" * 600, "utf-8")
    with pytest.raises(TalksError, match=r"not a database\); check .* the setting conversations"):
        Talks(tmp_path / "page.txt").all("甲")
    with pytest.raises(TalksError, match="cannot be used"):
        Talks(tmp_path).all("甲")
    with pytest.raises(TalksError, match="check its folder"):
        Talks(tmp_path / "page.txt" / "talks.sqlite3").all("甲")
    connect = sqlite3.connect

    def read_only(name: Path, timeout: float) -> sqlite3.Connection:
        return connect(f"{name.as_uri()}?mode=ro", timeout=timeout, uri=True)

    monkeypatch.setattr(sqlite3, "connect", read_only)
    with pytest.raises(TalksError, match=r"readonly database\); check"):
        put(talks, "甲", 2)


# The commands


def run(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture
def users(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    monkeypatch.setenv("RAG_USERS", str(tmp_path / "users.json"))
    monkeypatch.setenv("RAG_CONVERSATIONS", str(path))
    return Users.load(tmp_path / "users.json")


def test_a_user_who_is_removed_leaves_nothing_to_a_later_one(
    users: Users, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed, typed = "é", "e\u0301"  # the same name
    talks = Talks(path)
    for name in (composed, "乙"):
        users.add(name, PASSWORD)
        put(talks, name, 1)
    assert run("users", "remove", typed) == 0
    assert (ids(talks, composed), ids(talks, "乙")) == ([], [1])

    users.remove("乙")  # some other way
    monkeypatch.setattr("rag.cli_users.sys.stdin", Input(f"{PASSWORD}\n"))
    assert run("users", "add", "乙", "--password-stdin") == 0
    assert ids(talks, "乙") == []


def test_who_stays_keeps_what_there_is(users: Users, path: Path) -> None:
    users.add("甲", PASSWORD)
    put(Talks(path), "甲", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.cli_users.sys.stdin", Input(f"{PASSWORD}\n"))
        assert run("users", "add", "甲", "--password-stdin") == 2, "the name is taken"
    assert run("users", "key", "甲") == 0
    assert run("users", "remove", "乙") == 2
    assert ids(Talks(path), "甲") == [1]


def test_without_conversations_the_commands_make_no_file(
    users: Users, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users.add("甲", PASSWORD)
    assert run("users", "remove", "甲") == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.cli_users.sys.stdin", Input(f"{PASSWORD}\n"))
        assert run("users", "add", "\udcff", "--password-stdin") == 2
    assert "choose another" in capsys.readouterr().err
    assert not path.exists()


class Input:
    """Standard input of one line."""

    def __init__(self, line: str) -> None:
        self.line = line

    def readline(self) -> str:
        return self.line
