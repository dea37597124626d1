"""Who may ask: the users file, passwords, keys and limits."""

from __future__ import annotations

import hashlib
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rag.users
from rag.cli import main
from rag.cli_users import users_app
from rag.config import Settings, load_settings
from rag.errors import ConfigError, QuestionError
from rag.users import Users
from rag.web.access import check_access
from rag.web.hosts import Hosts, network
from rag.web.limits import MOST_KNOWN, Limits
from rag.web.login import SECONDS, Sessions
from tests.support.paths import ROOT
from tests.support.registered import PASSWORD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.json"


@pytest.fixture
def users(path: Path) -> Users:
    return Users.load(path)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# The users file


def test_a_user_is_known_by_the_password_and_by_the_key(users: Users, path: Path) -> None:
    key = users.add("甲", PASSWORD)
    other = users.add("b.c@d", PASSWORD)
    again = Users.load(path)
    for one in (users, again):
        assert one.names() == ["甲", "b.c@d"]
        assert one.verify("甲", PASSWORD)
        assert not one.verify("甲", PASSWORD + " ")
        assert not one.verify("乙", PASSWORD)
        assert not one.verify("甲", "")
        assert one.by_key(key) == "甲"
        assert one.by_key(other) == "b.c@d"
        assert one.by_key("") is one.by_key(key[:-1]) is None


def test_the_file_holds_no_secret_and_is_for_its_owner_alone(users: Users, path: Path) -> None:
    keys = [users.add(name, PASSWORD) for name in "甲乙"]
    text = path.read_text("utf-8")
    assert PASSWORD not in text and "123" not in text.replace("\\u", "").split('"name"')[0]
    assert not any(key in text or key.removeprefix("rag-") in text for key in keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing is left beside it"
    first, second = json.loads(text)
    assert first["password"]["salt"] != second["password"]["salt"]
    assert first["password"]["hash"] != second["password"]["hash"], "same password, other salt"


def test_a_password_is_hashed_by_scrypt_with_the_parameters_beside_it(
    users: Users, path: Path
) -> None:
    users.add("甲", PASSWORD)
    stored = json.loads(path.read_text("utf-8"))[0]["password"]
    expected = hashlib.scrypt(
        PASSWORD.encode(),
        salt=bytes.fromhex(stored["salt"]),
        n=stored["n"],
        r=stored["r"],
        p=stored["p"],
        maxmem=1 << 28,
        dklen=32,
    )
    assert stored["hash"] == expected.hex()
    assert stored["n"] * stored["r"] * stored["p"] >= 2**15 * 8 * 3


def test_an_unknown_name_costs_as_much_as_a_known_one(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("甲", PASSWORD)
    costs: list[tuple[Any, ...]] = []

    def counted(*given: Any, n: int, r: int, p: int, **rest: Any) -> bytes:
        costs.append((n, r, p))
        return hashlib_scrypt(*given, n=n, r=r, p=p, **rest)

    hashlib_scrypt: Callable[..., bytes] = hashlib.scrypt
    monkeypatch.setattr(rag.users.hashlib, "scrypt", counted)
    assert not users.verify("甲", "wrong password")
    assert not users.verify("乙", "wrong password")
    assert len(costs) == 2 and costs[0] == costs[1]


def test_a_new_key_ends_the_one_before(users: Users) -> None:
    old = users.add("甲", PASSWORD)
    new = users.new_key("甲")
    assert users.by_key(old) is None
    assert users.by_key(new) == "甲"
    assert users.verify("甲", PASSWORD)


def test_a_change_of_the_file_is_followed(users: Users, path: Path) -> None:
    assert len(users) == 0
    key = Users.load(path).add("甲", PASSWORD)
    assert users.by_key(key) == "甲"
    Users.load(path).remove("甲")
    assert users.by_key(key) is None


def test_a_file_that_is_damaged_later_leaves_the_users_as_they_were(
    users: Users, path: Path
) -> None:
    key = users.add("甲", PASSWORD)
    assert users.by_key(key) == "甲"
    path.write_text('[{"name":')
    assert users.by_key(key) == "甲"


@pytest.mark.parametrize(
    "content", ["", "{}", '[{"name": "x"}]', '[{"name": "x", "password": {}, "key": "1"}]', "\x00"]
)
def test_a_damaged_file_is_one_line_with_the_remedy(path: Path, content: str) -> None:
    path.write_text(content)
    for work in (Users.load, lambda path: check_access(Settings(users=path))):
        with pytest.raises(ConfigError, match=r"users\.json is damaged \(.*; restore it") as caught:
            work(path)
        assert "\n" not in str(caught.value)


def test_a_folder_in_the_files_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Users.load(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        Users.load(tmp_path / "none" / "users.json").add("甲", PASSWORD)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a/b", "<b>", "a\n", "../a"])
def test_a_bad_name_is_refused(users: Users, name: str) -> None:
    with pytest.raises(ConfigError, match="choose another"):
        users.add(name, PASSWORD)
    assert not users.names()


def test_what_cannot_be_done_is_said(users: Users) -> None:
    users.add("甲", PASSWORD)
    with pytest.raises(ConfigError, match="user 甲 exists; remove it"):
        users.add("甲", PASSWORD)
    with pytest.raises(ConfigError, match="7 characters; give 8 to 1000"):
        users.add("乙", "1234567")
    for work in (users.remove, users.new_key):
        with pytest.raises(ConfigError, match="no user 乙 in .*; `rag users list`"):
            work("乙")
    assert users.names() == ["甲"]


# The commands


def run(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_users_are_kept_by_commands(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAG_USERS", str(path))
    monkeypatch.setenv("RAG_CONVERSATIONS", str(path.with_name("conversations.sqlite3")))
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    assert run("users", "add", "甲", "--password-stdin") == 0
    key = capsys.readouterr().out.strip()
    assert Users.load(path).by_key(key) == "甲"
    assert Users.load(path).verify("甲", PASSWORD)
    assert run("users", "list") == 0
    assert capsys.readouterr().out == "甲\n"
    assert run("users", "key", "甲") == 0
    assert Users.load(path).by_key(capsys.readouterr().out.strip()) == "甲"
    assert Users.load(path).by_key(key) is None
    assert run("users", "remove", "甲") == 0
    assert "nobody is left" in capsys.readouterr().err
    assert run("users", "remove", "甲") == 2
    assert capsys.readouterr().err.startswith("rag: no user 甲")


@pytest.mark.parametrize("command", ["add", "list", "remove", "key"])
def test_every_command_of_users_has_help_and_stands_in_the_readmes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("users", command, "--help") == 0
    assert "Usage" in capsys.readouterr().out
    assert len(users_app.registered_commands) == 4
    for readme in ("README.md", "README.zh-CN.md"):
        assert f"rag users {command}" in (ROOT / readme).read_text("utf-8")


# Limits, hosts, sessions


def test_so_many_questions_in_any_minute() -> None:
    clock = Clock()
    limits = Limits(2, clock)
    limits.check("甲")
    clock.now += 20
    limits.check("甲")
    clock.now += 19.5
    with pytest.raises(QuestionError, match="2 questions a minute .*; ask again in 21 seconds"):
        limits.check("甲")
    limits.check("乙")
    clock.now += 20.5
    limits.check("甲")
    with pytest.raises(QuestionError, match="in 20 seconds"):
        limits.check("甲")
    limits.forget("甲")
    limits.check("甲")


def test_no_limit_and_no_list_of_visitors_that_grows_for_ever() -> None:
    free = Limits(0)
    assert not any(free.take("甲") for _ in range(1000))
    clock = Clock()
    limits = Limits(1, clock)
    for visitor in range(3 * MOST_KNOWN):
        clock.now += 0.01
        assert not limits.take(str(visitor))
    assert len(limits._times) <= MOST_KNOWN + 1
    assert limits.take(str(visitor)), "who came just now is not forgotten"


@pytest.mark.parametrize(
    ("listening", "listed", "host", "allowed"),
    [
        ("127.0.0.1", (), "127.0.0.1:7860", True),
        ("127.0.0.1", (), "localhost", True),
        ("127.0.0.1", (), "LOCALHOST.:80", True),
        ("127.0.0.1", (), "[::1]:7860", True),
        ("127.0.0.1", (), "", False),
        ("127.0.0.1", (), "evil.example", False),
        ("127.0.0.1", (), "evil.example@127.0.0.1", False),
        ("127.0.0.1", (), "127.0.0.1.evil.example", False),
        ("127.0.0.1", (), "192.168.0.7", False),
        ("127.0.0.1", ("Paper.example",), "paper.example:443", True),
        ("127.0.0.1", ("paper.example:443",), "paper.example", True),
        ("127.0.0.1", ("paper.example",), "a.paper.example", False),
        ("192.168.0.7", (), "192.168.0.7:7860", True),
        ("0.0.0.0", (), "192.168.0.7:7860", True),
        ("::", (), "[fd00::7]:7860", True),
        ("0.0.0.0", (), "evil.example", False),
        ("0.0.0.0", (), "7.evil.example", False),
    ],
)
def test_only_the_names_of_this_machine_and_the_list_are_served(
    listening: str, listed: tuple[str, ...], host: str, allowed: bool
) -> None:
    assert Hosts(listening, listed).allows(host) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:7860", True),
        ("http://[::1]:7860", False),
        ("https://paper.example", True),
        ("http://127.0.0.1:8000", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_the_pages_own_may_write(origin: str, allowed: bool) -> None:
    assert Hosts("127.0.0.1", ["paper.example"]).may_write(origin, "127.0.0.1:7860") is allowed


def test_one_visitor_is_one_address_or_one_network() -> None:
    assert network("192.168.0.7") == network("::ffff:192.168.0.7") == "192.168.0.7"
    assert network("2001:db8::1") == network("2001:db8::2:3%eth0") != network("2001:db8:0:1::1")
    assert network("testclient") == "testclient"
    assert network("::1") == "::/64"


def test_hosts_come_from_the_environment_and_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().hosts == ()
    (tmp_path / "rag.toml").write_text('hosts = ["a.example"]')
    assert load_settings().hosts == ("a.example",)
    monkeypatch.setenv("RAG_HOSTS", "b.example, c.example")
    assert load_settings().hosts == ("b.example", "c.example")


def test_a_session_ends_with_its_time_and_with_its_user(users: Users) -> None:
    users.add("甲", PASSWORD)
    clock = Clock()
    sessions = Sessions(users, clock)
    token = sessions.open("甲")
    assert token is not None and sessions.name(token) == "甲"
    assert sessions.name(token[:-1]) is None
    clock.now += SECONDS
    assert sessions.name(token) is None
    token = sessions.open("甲") or ""
    users.new_key("甲")
    assert sessions.name(token) is None, "whoever has an old key may have more"
    token = sessions.open("甲") or ""
    users.remove("甲")
    users.add("甲", PASSWORD)
    assert sessions.name(token) is None, "another one of the same name"
    assert sessions.open("乙") is None


# Other assistants


def test_mcp_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.web.access.MCP_PACKAGE", "no_such_package_here")
    with pytest.raises(ConfigError, match=r"needs the package mcp; pip install -e '\.\[mcp\]'"):
        check_access(Settings(mcp=True))
    check_access(Settings(mcp=False))
