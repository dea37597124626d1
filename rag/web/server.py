"""Serving the page: one address, nothing fetched from elsewhere, nothing told to anyone."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.config import Settings
from rag.errors import ConfigError, ServerError
from rag.library import Library
from rag.web.access import Gate, check_access
from rag.web.backend import Backend, Keeper
from rag.web.early import EarlyHead
from rag.web.page import build_page
from rag.web.talk_routes import add_talk_routes
from rag.web.theme import head, theme

logger = logging.getLogger(__name__)

POLICY = (
    # Gradio's own page needs inline scripts and templates made at run time; what matters here
    # is that the browser itself refuses to load from or send to any other place
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
SECONDS_TO_CLOSE = 2
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # without it a form's request would not say which page it comes from
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes any that is free.

    Raises ServerError, naming the address and the remedy.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ServerError(f"host {host} is unknown; choose another with --host") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise ServerError(_refused(host, port, error)) from error
    return bound


def check_port(host: str, port: int) -> None:
    """Raise ServerError if the chat could not listen there; call it before anything loads."""
    listen(host, port).close()


def gated_app(settings: Settings) -> FastAPI:
    """What stands around the page: the gate, secure headers and the routes of conversations.

    Raises ConfigError.
    """
    check_access(settings)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(EarlyHead)
    app.add_middleware(SecureHeaders)  # the outermost: what the gate answers has them too
    add_talk_routes(app, settings.conversations)
    return app


def page_app(page: gr.Blocks, settings: Settings) -> FastAPI:
    """The page as an ASGI application, at the root path. Raises ConfigError."""
    app = gated_app(settings)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        head=head(),
        footer_links=["api"],  # hidden by page.css; the masthead's 接口 clicks it
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=settings.mcp,
        pwa=False,
        enable_monitoring=False,
        max_file_size=0,
    )
    if settings.mcp and page.mcp_server_obj is None:  # Gradio keeps the reason to itself
        raise ConfigError(f"the MCP server cannot start ({page.mcp_error}); unset the setting mcp")
    return app


class PageServer(uvicorn.Server):
    """Serves the page; `run(sockets=[...])` returns once `should_exit` is set."""

    def __init__(
        self, assistant: Backend, keeper: Keeper | None = None, library: Library | None = None
    ) -> None:
        """keeper, library: see `build_page`."""
        self._page = build_page(assistant, keeper=keeper, library=library)
        app = page_app(self._page, assistant.settings)
        super().__init__(
            uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=SECONDS_TO_CLOSE)
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of the pages that are open: each would keep its connections for ever."""
        self._page.close(verbose=False)
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


def serve(
    assistant: Backend,
    settings: Settings,
    ready: Callable[[str], None] = logger.info,
    keeper: Keeper | None = None,
    library: Library | None = None,
) -> None:
    """Serve the page until interrupted. keeper, library: see `build_page`.

    ready: told one line with the address, once. Raises ServerError where the address can't be
    had.
    """
    bound = listen(settings.host, settings.port)
    try:
        server = PageServer(assistant, keeper, library)
        ready(f"在浏览器中打开 {address(settings.host, settings.port)}")
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        logger.info("stopped")
    finally:
        bound.close()


def address(host: str, port: int) -> str:
    """The address to open in a browser."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class SecureHeaders:
    """Adds headers that keep the page to its own address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to the head of what comes back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port, or end what uses it"
    if error.errno == errno.EACCES:
        return f"port {port} may not be used by this user; choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host {host} is not an address of this machine; choose another with --host"
    return f"cannot listen on {host} port {port} ({error.strerror}); choose another with --port"
