"""What the page needs before anything of it is painted: its language, its ground light or dark.

Gradio adds a page's own head only once it has started, when a white page would have flashed
already before a reader who chose a dark one. For one who is logged in, what the server keeps is
asked for as early, so that it is there when the list is drawn.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.access import user
from rag.web.language import Language, of_scope
from rag.web.theme import asset

HEAD = b"<head>"


class EarlyHead:
    """Adds `appearance.css` and `appearance.js` to the head of the page at `/`; after a login
    `conversation_early.js` as well, by which the page knows that there was one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._style, self._script = asset("appearance.css"), asset("appearance.js")
        self._with_login = f"<script>{asset('conversation_early.js')}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and what comes back to it; a page is held until it is whole."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""
        added = self._added(of_scope(scope))

        async def send_page(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is not None and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    # the gate, which stands further in, has written by now who it is
                    theirs = self._with_login if user(Request(scope)) is not None else b""
                    body = body.replace(HEAD, HEAD + added + theirs, 1)
                    MutableHeaders(scope=start)["content-length"] = str(len(body))
                    await send(start)
                    await send({"type": "http.response.body", "body": body})
            else:
                await send(message)

        await self.app(scope, receive, send_page)

    def _added(self, language: Language) -> bytes:
        # Gradio asks the browser for its language; here the visitor may choose another
        told = f"Object.defineProperty(navigator, 'language', {{ get: () => '{language}' }});"
        told += f"document.documentElement.lang = '{language}';"
        return f"<style>{self._style}</style><script>{told}{self._script}</script>".encode()


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    plain = "content-encoding" not in headers
    return plain and headers.get("content-type", "").startswith("text/html")
