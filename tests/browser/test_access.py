"""Who may ask, over HTTP: log-in, keys, limits, hosts, headers, and other assistants by MCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from rag.config import Settings
from rag.users import Users
from rag.web.login import COOKIE, TRIES
from rag.web.page import build_page
from rag.web.server import page_app
from tests.support.driver import PATIENCE, assert_same_origin
from tests.support.loops import in_loop
from tests.support.registered import PASSWORD
from tests.support.scripted_backend import ScriptedBackend, serving

HTML = {"accept": "text/html"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.json"


@pytest.fixture
def users(path: Path) -> Users:
    return Users.load(path)


# The commands


# Over HTTP


@pytest.fixture
def backend(path: Path) -> ScriptedBackend:
    scripted = ScriptedBackend()
    scripted.settings = Settings(
        question_chars=60,
        users=path,
        upload_mb=1,
        conversations=path.with_name("conversations.sqlite3"),
    )
    return scripted


@pytest.fixture
def url(backend: ScriptedBackend) -> Iterator[str]:
    with serving(backend) as address:
        yield address


def log_in(url: str, name: str = "甲", password: str = PASSWORD) -> httpx.Response:
    return httpx.post(f"{url}/login", data={"username": name, "password": password})


def test_without_users_nobody_is_asked_for_a_login(url: str) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        assert httpx.get(url + path, headers=HTML).status_code == 200
    for path in ("/login", "/logout"):
        assert httpx.get(url + path, headers=HTML).headers["location"] == "/"
    assert log_in(url).headers["location"] == "/"
    assert COOKIE not in log_in(url).cookies


def test_what_the_gate_answers_has_the_secure_headers_too(url: str, users: Users) -> None:
    users.add("甲", PASSWORD)
    for answer in (
        httpx.get(f"{url}/login"),
        httpx.get(f"{url}/config"),
        httpx.get(url, headers={"host": "evil.example"}),
    ):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_another_host_is_refused_in_one_line(url: str) -> None:
    refused = httpx.get(url, headers={"host": "evil.example"})
    assert refused.status_code == 400
    assert refused.text == "host 'evil.example' is not served here; list it in the setting hosts"


def test_a_page_from_elsewhere_may_not_write(url: str) -> None:
    sent = {"data": ["备案", [], {}]}
    place = f"{url}/gradio_api/run/ask"
    assert httpx.post(place, json=sent, headers={"origin": url}).status_code == 200
    for origin in ("https://evil.example", "null"):
        assert httpx.post(place, json=sent, headers={"origin": origin}).status_code == 403


def test_what_is_too_large_is_refused_before_it_is_read(url: str) -> None:
    place = f"{url}/gradio_api/run/ask"
    refused = httpx.post(place, content=b" " * (3 << 20))
    assert (refused.status_code, "at most" in refused.text) == (413, True)
    assert httpx.post(place, content=iter([b"{", b"}"])).status_code == 411


def test_a_login_is_asked_for_once_there_is_a_user(url: str, users: Users) -> None:
    assert httpx.get(url, headers=HTML).status_code == 200
    users.add("甲", PASSWORD)
    asked = httpx.get(url, headers=HTML)
    assert (asked.status_code, asked.headers["location"]) == (303, "/login")
    form = httpx.get(f"{url}/login")
    assert form.status_code == 200 and "登录" in form.text
    refused = httpx.get(f"{url}/gradio_api/info")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    users.remove("甲")
    assert httpx.get(f"{url}/config").status_code == 401, "an emptied file opens nothing"


def routes(of: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    for route in of:
        if (included := getattr(route, "original_router", None)) is not None:  # of newer FastAPI
            yield from routes(included.routes, before)
        elif isinstance(route, Mount):
            yield from routes(list(route.routes), before + route.path)
        elif isinstance(route, Route):
            for method in route.methods or ():
                yield method, before + route.path


def test_nothing_of_gradio_lies_before_the_login(
    backend: ScriptedBackend, users: Users, url: str
) -> None:
    users.add("甲", PASSWORD)
    app: Starlette = page_app(build_page(backend), backend.settings)
    gradio_app = next(route.app for route in app.routes if isinstance(route, Mount))
    known = sorted(set(routes(gradio_app.routes)))
    assert len(known) > 50
    with httpx.Client(base_url=url) as client:
        for method, place in known:
            if place.rstrip("/") not in ("/login", "/logout"):
                answer = client.request(method, place.replace("{", "").replace("}", ""))
                assert answer.status_code == 401, (method, place)


def test_the_right_password_opens_the_page_until_the_logout(url: str, users: Users) -> None:
    users.add("甲", PASSWORD)
    entered = log_in(url)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    with httpx.Client(base_url=url, cookies=entered.cookies, headers=HTML) as client:
        assert client.get("/").status_code == 200
        assert client.get("/gradio_api/info").status_code == 200
        assert client.get("/login").headers["location"] == "/"
        assert client.get("/logout").headers["location"] == "/", "a link logs nobody out"
        assert client.get("/").status_code == 200
        left = httpx.post(f"{url}/logout", cookies=entered.cookies)
        assert left.headers["location"] == "/login"
        assert client.get("/").status_code == 303, "the server has forgotten it too"


@pytest.mark.parametrize(("name", "password"), [("甲", "wrong"), ("<b>乙", PASSWORD), ("", "")])
def test_a_wrong_password_is_told_apart_from_nothing(
    url: str, users: Users, name: str, password: str
) -> None:
    users.add("甲", PASSWORD)
    refused = log_in(url, name, password)
    assert refused.status_code == 401
    assert "名字或密码不对" in refused.text
    assert "<b>" not in refused.text
    assert COOKIE not in refused.cookies


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> int:
    """Fewer tries than usual over all names: hashing takes its time."""
    monkeypatch.setattr("rag.web.limits.MINUTE", 600.0)
    monkeypatch.setattr("rag.web.login.TRIES_ALL", TRIES + 3)
    return TRIES + 3


def test_passwords_cannot_be_tried_for_ever(most: int, url: str, users: Users) -> None:
    users.add("甲", PASSWORD)
    users.add("乙", PASSWORD)
    for _ in range(TRIES):
        assert log_in(url, "甲", "wrong").status_code == 401
    slowed = log_in(url, "甲", PASSWORD)
    assert slowed.status_code == 429
    assert "试得太多了" in slowed.text and int(slowed.headers["retry-after"]) > 0
    assert log_in(url, "乙").status_code == 303
    codes = [log_in(url, f"猜{number}").status_code for number in range(most)]
    assert codes[0] == 401 and codes[-1] == 429, "other names do not help"


def test_an_overlong_form_is_not_read(url: str, users: Users) -> None:
    users.add("甲", PASSWORD)
    assert log_in(url, "甲", "x" * 20_000).status_code == 413


def test_the_api_takes_a_key(url: str, users: Users, backend: ScriptedBackend) -> None:
    key = users.add("甲", PASSWORD)
    client = Client(url, headers={"Authorization": f"Bearer {key}"}, verbose=False)
    assert "27个算法" in client.predict("备案有多少？", api_name="/ask")["answer"]
    assert backend.asked
    users.new_key("甲")
    for wrong in (key, "x", "Bearer"):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert httpx.get(f"{url}/config", headers=headers).status_code == 401


def test_the_api_says_when_it_is_one_question_too_many(
    backend: ScriptedBackend, users: Users, path: Path
) -> None:
    backend.settings = Settings(users=path, questions_a_minute=2)
    keys = [users.add(name, PASSWORD) for name in "甲乙"]
    with serving(backend) as url:
        first, second = (
            Client(url, headers={"Authorization": f"Bearer {key}"}, verbose=False) for key in keys
        )
        first.predict("备案有多少？", api_name="/ask")
        first.predict("备案", api_name="/search")
        for endpoint in ("/ask", "/search"):
            with pytest.raises(AppError, match="2 questions a minute are the limit; ask again in"):
                first.predict("备案有多少？", api_name=endpoint)
        second.predict("备案有多少？", api_name="/ask")
    assert len(backend.asked) == 2


def test_without_a_login_an_address_is_limited(backend: ScriptedBackend, path: Path) -> None:
    backend.settings = Settings(users=path, questions_a_minute=1)
    with serving(backend) as url:
        Client(url, verbose=False).predict("备案", api_name="/search")
        with pytest.raises(AppError, match="1 questions a minute"):
            Client(url, verbose=False).predict("备案", api_name="/search")


def test_without_the_setting_there_is_no_mcp_server(url: str) -> None:
    assert httpx.get(f"{url}/gradio_api/mcp/schema").status_code == 404


def test_other_assistants_ask_by_mcp(backend: ScriptedBackend, users: Users, path: Path) -> None:
    mcp = pytest.importorskip(
        "mcp", reason="the package mcp is not installed: pip install -e '.[mcp]'"
    )
    http = pytest.importorskip("mcp.client.streamable_http")
    backend.settings = Settings(users=path, questions_a_minute=2, mcp=True)
    headers = {"Authorization": f"Bearer {users.add('甲', PASSWORD)}"}

    async def talk(url: str) -> tuple[Any, list[Any]]:
        async with (
            http.streamablehttp_client(f"{url}/gradio_api/mcp/", headers=headers) as (
                read,
                write,
                _,
            ),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            asked = [
                await session.call_tool(
                    "ask", {"question": "备案有多少？", "filters": {"from": "2024"}}
                ),
                await session.call_tool("search", {"question": "备案", "k": 1}),
                await session.call_tool("ask", {"question": "备案有多少？"}),
            ]
            return tools, asked

    with serving(backend) as url:
        assert httpx.post(f"{url}/gradio_api/mcp/", json={}).status_code == 401
        tools, (answered, found, refused) = in_loop(talk(url))
    assert [tool.name for tool in tools] == ["ask", "search"]
    for tool in tools:
        assert "newspaper" in tool.description
        assert "request" not in tool.inputSchema["properties"], "that is for us"
        assert all(one["description"] for one in tool.inputSchema["properties"].values())
    assert "27个算法" in answered.content[0].text
    assert "南湖园区" in found.content[0].text
    assert refused.isError and "2 questions a minute" in refused.content[0].text
    assert len(backend.asked) == 1


# In the browser


def test_a_visitor_logs_in_and_asks(
    browser: Any,
    url: str,
    users: Users,
) -> None:
    users.add("甲", PASSWORD)
    requests: list[str] = []
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    expect(page).to_have_title("登录 · 报纸问答")
    page.get_by_label("名字").fill("甲")
    page.get_by_label("密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("名字或密码不对。")
    expect(page.get_by_label("名字")).to_have_value("甲")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator(".examples button").first).to_be_visible()
    page.locator("#box textarea").fill("备案有多少？")
    page.keyboard.press("Enter")
    expect(page.locator("#live .timings")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_title("登录 · 报纸问答")
    page.get_by_label("名字").fill("甲")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".examples button").first).to_be_visible()
    users.new_key("甲")  # which ends the session
    page.locator("#box textarea").fill("备案有多少？")
    page.keyboard.press("Enter")
    expect(page).to_have_title("登录 · 报纸问答")
    assert_same_origin(requests, url)
    context.close()
