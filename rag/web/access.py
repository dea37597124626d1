"""The gate before the page and its API: to which host, from which page, how large, and by whom.

Everything that is served lies behind it, Gradio's own routes and the MCP server too. What it
finds out about the one who asks it writes onto the request: see `visitor` and `user`.
"""

from __future__ import annotations

from importlib.util import find_spec

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.config import Settings
from rag.errors import ConfigError
from rag.users import Users
from rag.web.hosts import Hosts, network
from rag.web.language import preferred, speaking
from rag.web.login import COOKIE, Login, Sessions

READING = ("GET", "HEAD", "OPTIONS")
MCP_PACKAGE = "mcp"


def check_access(settings: Settings) -> None:
    """Raise ConfigError for what would stop the chat later; call it before anything loads."""
    Users.load(settings.users)
    if settings.mcp and find_spec(MCP_PACKAGE) is None:
        raise ConfigError("the setting mcp needs the package mcp; pip install -e '.[mcp]'")


def user(request: gr.Request | Request | None) -> str | None:
    """The name of the one who is logged in; None where nobody has to be."""
    name = getattr(request.state, "user", None) if request is not None else None
    return str(name) if name is not None else None


class Gate:
    """ASGI middleware: passes on what may come in, answers everything else itself."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Raises ConfigError for a users file that cannot be read."""
        self.app = app
        self._users = Users.load(settings.users)
        self._sessions = Sessions(self._users)
        self._login = Login(self._users, self._sessions)
        self._hosts = Hosts(settings.host, settings.hosts)
        # a file comes in base64, inside of JSON
        self._largest = (settings.upload_mb + 1) * (1 << 20) * 4 // 3
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether a login is needed. Once it is, it stays so: a file that goes opens nothing."""
        self._closed = self._closed or len(self._users) > 0
        return self._closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] == "websocket":  # nothing here speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            request = Request(scope, receive)
            answer = self._refused(request) or await self._admitted(request)
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _refused(self, request: Request) -> Response | None:
        """An answer to what nobody may send."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not self._hosts.allows(host):
            told = f"host {host[:100]!r} is not served here; list it in the setting hosts"
            return PlainTextResponse(told, 400)
        if request.method in READING:
            return None
        if origin is not None and not self._hosts.may_write(origin, host):
            return PlainTextResponse("a page from elsewhere may not send anything here", 403)
        length = request.headers.get("content-length", "0")
        if "transfer-encoding" in request.headers or not length.isdecimal():
            return PlainTextResponse("say how long it is: send a Content-Length", 411)
        if int(length) > self._largest:
            return PlainTextResponse(f"{length} bytes; at most {self._largest} are taken", 413)
        return None

    async def _admitted(self, request: Request) -> Response | None:
        """An answer to one who is not logged in, and to the forms; None: may pass."""
        address = network(request.client.host if request.client else "")
        name = self._named(request) if self.closed else None
        request.state.user, request.state.visitor = name, name or address
        path = request.url.path.rstrip("/")
        if path == "/logout":
            return self._login.log_out(request) if request.method == "POST" else _to("/")
        if path == "/login":
            if not self.closed or name is not None:
                return _to("/")
            with speaking(preferred(request.headers)):
                if request.method == "POST":
                    return await self._login.log_in(request, address)
                return self._login.page()
        if not self.closed or name is not None:
            return None
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return _to("/login")
        told = "log in, or send `Authorization: Bearer KEY` with a key of `rag users`"
        return JSONResponse({"detail": told}, 401, {"WWW-Authenticate": "Bearer"})

    def _named(self, request: Request) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._users.by_key(key.strip())
        return self._sessions.name(request.cookies.get(COOKIE, ""))


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)
