"""The tab 评测: what stands in it, and how its events are joined to what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rag.web import evaluation_view
from rag.web.backend import Backend
from rag.web.evaluation import Desk, EvaluationHandlers, Update
from rag.web.language import marked
from rag.web.tabs import PANE
from rag.web.theme import asset, part


def add_evaluation(page: gr.Blocks, assistant: Backend) -> None:
    """Add the tab's pane to the page that is open, and join its events."""
    parts = _lay_out()
    _wire(page, EvaluationHandlers(assistant), parts, gr.State(Desk(), delete_callback=Desk.close))


def _lay_out() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    with gr.Column(elem_id="evaluation", elem_classes=PANE):
        part("introduction", evaluation_view.introduction)
        with gr.Row(elem_id="cases"):
            parts["files"] = gr.Dropdown(label=marked("题目文件"), elem_id="files")
            upload = asset("upload.js")
            parts["upload"] = part("upload", evaluation_view.upload_button, upload)
        with gr.Row(elem_id="how"):
            parts["limit"] = gr.Number(
                label=marked("只做前几题（0：全部）"), value=0, precision=0, elem_id="limit"
            )
            parts["only"] = gr.Checkbox(label=marked("只测检索（不作答，快得多）"), elem_id="only")
            parts["start"] = gr.Button(marked("开始评测"), variant="primary", elem_id="start")
            parts["halt"] = gr.Button(marked("停止"), visible=False, elem_id="stop-run")
        parts["told"] = part("told")
        parts["outcome"] = part("outcome")
        with gr.Row(elem_id="downloads"):
            parts["page"] = gr.DownloadButton(marked("下载报告（HTML）"), visible=False, size="sm")
            parts["records"] = gr.DownloadButton(
                marked("下载数据（ZIP）"), visible=False, size="sm"
            )
        parts["report"] = part("report")
    return parts


def _wire(
    page: gr.Blocks, handlers: EvaluationHandlers, parts: dict[str, Any], desk: gr.State
) -> None:
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    at_once = {"queue": False, **quiet}
    outputs = [desk, *parts.values()]

    def named(update: Update) -> dict[Any, Any]:
        return {parts[name]: value for name, value in update.items()}

    def upload(desk_of: Desk, event: gr.EventData) -> dict[Any, Any]:
        return {desk: desk_of, **named(handlers.upload(event._data, desk_of))}

    def begin(chosen: object, limit: object, only: object, desk_of: Desk) -> dict[Any, Any]:
        return {desk: desk_of, **named(handlers.begin(chosen, limit, only, desk_of))}

    def follow(desk_of: Desk) -> Iterator[dict[Any, Any]]:
        for update in handlers.follow(desk_of):
            # Gradio empties every output of an event that says nothing
            yield named(update) or gr.skip()

    def lose(desk_of: Desk) -> dict[Any, Any]:
        return named(handlers.lose(desk_of))

    page.load(lambda: named(handlers.greet()), None, parts["files"], **at_once)
    parts["upload"].upload(upload, desk, outputs, **at_once)
    asked = [parts[name] for name in ("files", "limit", "only")]
    started = parts["start"].click(begin, [*asked, desk], outputs, **at_once)
    # several pages may wait for the end of theirs; one evaluation at a time is `begin`'s matter
    followed = started.then(
        follow, desk, outputs, trigger_mode="multiple", concurrency_limit=None, **quiet
    )
    followed.failure(lose, desk, outputs, **at_once)
    # `follow` draws what comes of it
    parts["halt"].click(lambda desk_of: desk_of.close(), desk, None, **at_once)
