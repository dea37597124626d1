"""The button that ends a login, beside the masthead of those who have one."""

from __future__ import annotations

import gradio as gr

from rag.web.access import user
from rag.web.language import words
from rag.web.markup import NOTHING, Html, tag
from rag.web.theme import part


def add_logout(page: gr.Blocks) -> None:
    """Add it to the page, which is open."""
    shown = part("logout")

    def greet(request: gr.Request) -> Html:
        name = user(request)
        return NOTHING if name is None else _form(name)

    page.load(greet, None, shown, queue=False, show_progress="hidden", api_visibility="private")


def _form(name: str) -> Html:
    leave = tag("button", words("退出"), class_="quiet", title=words("{name} 退出登录", name=name))
    return tag("form", leave, method="post", action="/logout")
