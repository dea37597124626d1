"""Logging in: the page that asks for a name and a password, and who has given them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rag.users import User, Users
from rag.web.language import language, words
from rag.web.limits import Limits
from rag.web.theme import asset

COOKIE = "rag-session"
SECONDS = 7 * 24 * 3600
"""How long a login holds."""
TRIES = 5
"""Times a minute that a password is tried for one name from one address."""
TRIES_ALL = 20
"""The same for one address and all names."""
AT_ONCE = 2
"""Passwords that are hashed at the same time; each takes tens of megabytes."""
LARGEST_FORM = 16_384
"""Bytes."""


class Sessions:
    """Who is logged in. In memory alone: a new start asks everybody again.

    A session ends with its user, and with any change of the password or the key.
    """

    def __init__(self, users: Users, clock: Callable[[], float] = time.time) -> None:
        self._users = users
        self._clock = clock
        self._open: dict[str, tuple[User, float]] = {}

    def open(self, name: str) -> str | None:
        """The secret of a new session; None where the user is gone."""
        now = self._clock()
        self._open = {key: one for key, one in self._open.items() if one[1] > now}
        user = self._users.get(name)
        if user is None:
            return None
        token = secrets.token_urlsafe(32)
        self._open[_hashed(token)] = (user, now + SECONDS)
        return token

    def name(self, token: str) -> str | None:
        """Whose session it is."""
        user, until = self._open.get(_hashed(token), (None, 0.0))
        if user is None or until <= self._clock() or self._users.get(user.name) != user:
            return None
        return user.name

    def close(self, token: str) -> None:
        """Log out."""
        self._open.pop(_hashed(token), None)


class Login:
    """What stands at `/login` and `/logout`."""

    def __init__(self, users: Users, sessions: Sessions) -> None:
        self._users = users
        self._sessions = sessions
        self._tries, self._tries_all = Limits(TRIES), Limits(TRIES_ALL)
        self._hashing = asyncio.Semaphore(AT_ONCE)
        environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        environment.globals |= {"words": words, "language": language}
        self._page = environment.from_string(asset("login.html"))
        self._style = asset("page.css")

    def page(self, problem: str = "", name: str = "", status: int = 200) -> Response:
        """The form. problem: what was wrong with what was sent; name: shown again."""
        body = self._page.render(style=self._style, problem=problem, name=name)
        return HTMLResponse(body, status, {"Cache-Control": "no-store"})

    async def log_in(self, request: Request, address: str) -> Response:
        """Take the form that was sent."""
        fields = await _form(request)
        if fields is None:
            return self.page(words("收到的内容太长。"), status=413)
        name, password = fields.get("username", "").strip()[:64], fields.get("password", "")
        who = f"{name}@{address}"
        if seconds := self._tries.take(who) or self._tries_all.take(address):
            refused = self.page(
                words("试得太多了；请过 {seconds} 秒再试。", seconds=seconds), name, 429
            )
            refused.headers["Retry-After"] = str(seconds)
            return refused
        async with self._hashing:
            known = await run_in_threadpool(self._users.verify, name, password)
        token = self._sessions.open(name) if known else None
        if token is None:
            return self.page(words("名字或密码不对。"), name, 401)
        self._tries.forget(who)
        entered = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        entered.set_cookie(COOKIE, token, SECONDS, secure=secure, httponly=True, samesite="lax")
        return entered

    def log_out(self, request: Request) -> Response:
        """End the session."""
        self._sessions.close(request.cookies.get(COOKIE, ""))
        left = RedirectResponse("/login", 303)
        left.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return left


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form; None where it is too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            return None
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
    except ValueError:
        return None
    return {name: values[0] for name, values in fields.items()}


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
