"""Conversations of those who log in, over HTTP: whose they are, and what is taken."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient

from rag import talks as module
from rag.config import Settings
from rag.talks import Talks
from rag.users import Users
from rag.web import chat_view
from rag.web.kept import MOST_TURNS, read_conversation
from rag.web.server import gated_app
from rag.web.talk_routes import LARGEST
from tests.support.registered import PASSWORD, register
from tests.support.scripted_backend import NASTY, ScriptedBackend
from tests.support.talks import FIRST, SECOND, nothing, record, talk

EARLY = "window.keptConversations = fetch("
ADDRESS = "http://127.0.0.1"
ID = "0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.sqlite3"


@pytest.fixture
def settings(tmp_path: Path, path: Path) -> Settings:
    return Settings(question_chars=60, users=tmp_path / "users.json", conversations=path)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """What stands around the page, with a page of nothing."""
    made = gated_app(settings)
    made.get("/")(lambda: HTMLResponse("<html><head></head></html>"))
    return made


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """One who is not logged in."""
    return TestClient(app, base_url=ADDRESS)


@pytest.fixture
def keys(settings: Settings) -> dict[str, str]:
    return register(settings.users)


@pytest.fixture
def clients(app: FastAPI, keys: dict[str, str]) -> dict[str, TestClient]:
    """One for each of two users, by name; a key does for a login."""
    return {
        name: TestClient(app, base_url=ADDRESS, headers=bearer(key)) for name, key in keys.items()
    }


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def kept(*questions: str, **changes: object) -> dict[str, Any]:
    return {**record(talk(ScriptedBackend(), *(questions or (FIRST,)))), "id": ID, **changes}


def put(client: TestClient, given: object, talk_id: str = ID, **more: Any) -> httpx.Response:
    return client.put(f"/conversations/{talk_id}", json=given, **more)


def titles(client: TestClient) -> list[str]:
    return [one["title"] for one in client.get("/conversations").json()["conversations"]]


def test_where_nobody_logs_in_there_is_nothing_and_no_file(
    stranger: TestClient, path: Path
) -> None:
    for answer in (
        stranger.get("/conversations"),
        put(stranger, kept()),
        stranger.delete(f"/conversations/{ID}"),
    ):
        assert answer.status_code == 404
        assert "`rag users add`" in answer.json()["detail"]
    assert EARLY not in stranger.get("/").text
    assert not path.exists()


def test_who_is_not_logged_in_reads_and_writes_nothing(
    stranger: TestClient, clients: dict[str, TestClient]
) -> None:
    put(clients["甲"], kept())
    for answer in (
        stranger.get("/conversations"),
        put(stranger, kept(title="别人写的")),
        stranger.delete(f"/conversations/{ID}"),
    ):
        assert answer.status_code == 401
        assert FIRST not in answer.text
    assert titles(clients["甲"]) == [""]


def test_what_is_put_comes_back_and_opens_again(clients: dict[str, TestClient]) -> None:
    given = kept(FIRST, SECOND, f"引号{NASTY}"[:60], title=f"名{NASTY}"[:200], changed=17)
    assert put(clients["甲"], given).json() == {"dropped": []}
    answer = clients["甲"].get("/conversations")
    (found,) = answer.json()["conversations"]
    assert (answer.json()["user"], answer.json()["damaged"]) == ("甲", 0)
    assert found["title"] == f"名{NASTY}"[:200]
    before, after = (read_conversation(one, nothing) for one in (given, found))
    assert [chat_view.turn_view(turn, last=True) for turn in after.turns] == [
        chat_view.turn_view(turn, last=True) for turn in before.turns
    ]
    assert [turn["at"] for turn in found["turns"]] == [turn["at"] for turn in given["turns"]]
    assert answer.headers["cache-control"] == "no-store"
    assert EARLY in clients["甲"].get("/").text


def test_what_was_changed_since_is_not_written_over(clients: dict[str, TestClient]) -> None:
    client = clients["甲"]
    assert put(client, kept(changed=10, title="一"), params={"before": ""}).status_code == 200
    assert put(client, kept(changed=20, title="二"), params={"before": "10"}).status_code == 200
    refused = put(client, kept(changed=30, title="三"), params={"before": "10"})
    assert (refused.status_code, "changed elsewhere" in refused.json()["detail"]) == (412, True)
    assert titles(client) == ["二"]
    assert put(client, kept(changed=30, title="三"), params={"before": "x"}).status_code == 200


def test_of_another_user_there_is_nothing(clients: dict[str, TestClient]) -> None:
    put(clients["甲"], kept(title="甲的"))
    assert titles(clients["乙"]) == []
    assert clients["乙"].delete(f"/conversations/{ID}").status_code == 204
    assert titles(clients["甲"]) == ["甲的"]
    put(clients["乙"], kept(title="乙的"))
    assert (titles(clients["甲"]), titles(clients["乙"])) == (["甲的"], ["乙的"])
    # whom a request names is of no account, but for a page that was another's
    for answer in (
        clients["乙"].get("/conversations", params={"user": "甲"}),
        put(clients["乙"], kept(title="改了"), params={"user": "甲"}),
        clients["乙"].delete(f"/conversations/{ID}", params={"user": "甲"}),
    ):
        assert answer.status_code == 409
        assert "another user" in answer.json()["detail"]
    assert (titles(clients["甲"]), titles(clients["乙"])) == (["甲的"], ["乙的"])
    assert put(clients["乙"], kept(title="又"), params={"user": "乙"}).status_code == 200


def test_a_page_from_elsewhere_may_not_write(clients: dict[str, TestClient]) -> None:
    for origin in ("https://evil.example", "null"):
        assert put(clients["甲"], kept(), headers={"origin": origin}).status_code == 403
        place = f"/conversations/{ID}"
        assert clients["甲"].delete(place, headers={"origin": origin}).status_code == 403
    assert titles(clients["甲"]) == []
    assert put(clients["甲"], kept(), headers={"origin": ADDRESS}).status_code == 200
    shown = clients["甲"].get("/conversations", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in shown.headers
    assert shown.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../etc/passwd"},
        {"id": "0" * 16},
        {"title": "长" * 201},
        {"title": None},
        {"changed": -1},
        {"changed": 1.5},
        {"changed": 2**53},
        {"turns": []},
        {"turns": [{"question": "问", "status": "running"}]},
        {"turns": [{"question": "问", "status": "answered"}]},
        {"turns": [{"question": "问", "status": "stopped", "filters": {"from": "昨天"}}]},
        {"turns": [{"question": "问", "status": "stopped"}] * (MOST_TURNS + 1)},
    ],
)
def test_what_could_not_be_opened_is_not_kept(
    clients: dict[str, TestClient], change: dict[str, object]
) -> None:
    refused = put(clients["甲"], kept() | change)
    assert refused.status_code == 400
    assert "\n" not in refused.json()["detail"]
    assert titles(clients["甲"]) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"id": "\\ud800"}']
)
def test_what_is_no_record_is_refused_in_one_line(
    clients: dict[str, TestClient], body: bytes
) -> None:
    refused = clients["甲"].put(f"/conversations/{ID}", content=body)
    assert refused.status_code == 400
    assert refused.json()["detail"].endswith("the conversation cannot be kept")
    assert "\n" not in refused.json()["detail"]


def test_what_is_too_large_is_refused(clients: dict[str, TestClient]) -> None:
    refused = clients["甲"].put(f"/conversations/{ID}", content=b" " * (LARGEST + 1))
    assert refused.status_code == 413
    assert (
        refused.json()["detail"] == f"a conversation takes {LARGEST} bytes at most; begin another"
    )
    whole = json.dumps(kept()).encode()
    padded = whole + b" " * (LARGEST - len(whole))
    assert clients["甲"].put(f"/conversations/{ID}", content=padded).status_code == 200


def test_no_more_is_stored_than_a_record_has(clients: dict[str, TestClient]) -> None:
    given = kept(more="x" * 1000)
    given["turns"][0]["more"] = given["turns"][0]["answer"]["more"] = "x" * 1000
    assert put(clients["甲"], given).status_code == 200
    assert "xxx" not in clients["甲"].get("/conversations").text


def test_the_oldest_that_went_are_named(
    clients: dict[str, TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    numbers = [f"{place:016x}" for place in (1, 2, 3)]
    dropped = [
        put(clients["甲"], kept(id=one, changed=place), one).json()["dropped"]
        for place, one in enumerate(numbers)
    ]
    assert dropped == [[], [], [numbers[0]]]


def test_what_a_page_has_already_is_not_sent_again(clients: dict[str, TestClient]) -> None:
    put(clients["甲"], kept())
    tag = clients["甲"].get("/conversations").headers["etag"]
    known = {"If-None-Match": tag}
    assert clients["甲"].get("/conversations", headers=known).status_code == 304
    put(clients["甲"], kept(title="新"))
    assert clients["甲"].get("/conversations", headers=known).status_code == 200
    clients["甲"].delete(f"/conversations/{ID}")
    empty = clients["甲"].get("/conversations")
    other = clients["乙"].get("/conversations")
    assert empty.headers["etag"] not in (tag, other.headers["etag"])


def test_damaged_ones_are_dropped_and_told(clients: dict[str, TestClient], path: Path) -> None:
    put(clients["甲"], kept())
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO talks VALUES ('甲', 'x', 1, '{not json')")
    found = clients["甲"].get("/conversations").json()
    assert (found["damaged"], len(found["conversations"])) == (1, 1)
    assert clients["甲"].get("/conversations").json()["damaged"] == 0


def test_a_file_that_cannot_be_used_is_one_line_and_stands_in_the_log(
    clients: dict[str, TestClient], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("天晴" * 600, "utf-8")
    for answer in (
        clients["甲"].get("/conversations"),
        put(clients["甲"], kept()),
        clients["甲"].delete(f"/conversations/{ID}"),
    ):
        assert answer.status_code == 503
        assert answer.json()["detail"] == (
            "the conversations cannot be used; the chat's log says why"
        )
    assert "not a database); check that it is a writable file of conversations" in caplog.text


def test_who_comes_later_under_the_name_finds_nothing(
    clients: dict[str, TestClient], settings: Settings, path: Path
) -> None:
    users = Users.load(settings.users)
    put(clients["甲"], kept())
    users.remove("甲")
    assert clients["甲"].get("/conversations").status_code == 401
    Talks(path).forget("甲")  # as `rag users remove` does
    key = users.add("甲", PASSWORD)
    clients["甲"].headers["Authorization"] = f"Bearer {key}"
    assert titles(clients["甲"]) == []
