"""What the events of the tab 评测 do.

As in the conversation, starting is two events: `begin` starts the run at once or says why not,
`follow` draws it until it is over.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from rag.errors import QuestionError, RagError
from rag.evaluate.rows import legal
from rag.web import chat_view, evaluation_view
from rag.web.backend import Backend
from rag.web.evaluation_run import (
    BROKEN,
    LARGEST,
    CaseFile,
    Evaluations,
    Outcome,
    Run,
    case_files,
    open_case_file,
    read_case_file,
)
from rag.web.language import words
from rag.web.markup import NOTHING, Html
from rag.web.reasons import reason

UPLOADED = "/"
"""Stands for the uploaded file among the names of files, none of which holds a slash."""
ENCODED = -(-LARGEST // 3) * 4
ZIPPED = ("report.json", "junit.xml", "summary.md")
LOOK_SECONDS = 1.0
"""How often a run is drawn that does not move: a closed page is noticed no later than then."""

Update = dict[str, Any]
"""New values of the tab's parts, by their names."""


@dataclass(slots=True)
class Desk:
    """What one open page remembers of evaluations: its uploaded file and its last run."""

    uploaded: CaseFile | None = None
    run: Run | None = None

    def close(self) -> None:
        """Stop what is under way; the page is gone."""
        if self.run is not None:
            self.run.stop()


class EvaluationHandlers:
    """What the tab's events do. Holds nothing of any session but the run that all wait for."""

    def __init__(self, assistant: Backend) -> None:
        self.assistant = assistant
        self.evaluations = Evaluations(assistant)

    def greet(self) -> Update:
        """The files that there are to choose from."""
        return {"files": self._choices(Desk())}

    def upload(self, sent: object, desk: Desk) -> Update:
        """Take a visitor's file, or say in one line what is wrong with it."""
        given = sent if isinstance(sent, dict) else {}
        name, size, data = (given.get(key) for key in ("name", "size", "data"))
        if not isinstance(name, str):
            return _told(words("没有收到文件；请再选一次。"))
        name = legal(name.replace("\\", "/").rpartition("/")[2])[-100:]
        try:
            desk.uploaded = read_case_file(name, _content(name, size, data))
        except QuestionError as error:
            return _told(str(error))
        return {"files": self._choices(desk), "told": NOTHING}

    def begin(self, chosen: object, limit: object, retrieval_only: object, desk: Desk) -> Update:
        """Begin a run, or say why not."""
        try:
            most = _limit(limit)
            run = self.evaluations.begin(self._file(chosen, desk), most, bool(retrieval_only))
        except RagError as error:
            return _told(reason(str(error)))
        if run is None:
            return _told(self._taken())
        desk.run = run
        return {
            "told": NOTHING,
            "outcome": evaluation_view.progress(run),
            "report": NOTHING,
            "page": gr.update(visible=False),
            "records": gr.update(visible=False),
            **_buttons(busy=True),
        }

    def follow(self, desk: Desk) -> Iterator[Update]:
        """Draw the page's run until it is over; nothing where there is none."""
        run = desk.run
        if run is None:
            yield {}
            return
        try:
            while not run.over:
                yield {"outcome": evaluation_view.progress(run)}
                run.wait(LOOK_SECONDS)
        finally:
            run.stop()  # has an effect only where the page is gone
        yield _ended(run)

    def lose(self, desk: Desk) -> Update:
        """A run that could not be drawn: stop it, so that nobody waits for it."""
        desk.close()
        return {**_told(words(BROKEN)), **_buttons(busy=False)}

    def _file(self, chosen: object, desk: Desk) -> CaseFile:
        if chosen == UPLOADED and desk.uploaded is not None:
            return desk.uploaded
        if not isinstance(chosen, str) or not chosen:
            raise QuestionError(words("还没有选题目文件；请选一个，或上传一个。"))
        return open_case_file(self.assistant.settings.cases, chosen)

    def _choices(self, desk: Desk) -> Any:  # noqa: ANN401  # gradio gives updates no type
        names = case_files(self.assistant.settings.cases)
        choices = [(name, name) for name in names]
        if desk.uploaded is not None:
            label = words(
                "{name}（上传，{n} 题）", name=desk.uploaded.name, n=len(desk.uploaded.cases)
            )
            choices.insert(0, (label, UPLOADED))
        return gr.update(choices=choices, value=choices[0][1] if choices else None)

    def _taken(self) -> str:
        run = self.evaluations.current
        far = (
            words("（已做 {done} / {n} 题）", done=run.done, n=len(run.cases))
            if run is not None
            else ""
        )
        return words("已有一份评测在做{far}；一次只做一份，请等它做完。", far=far)


def _ended(run: Run) -> Update:
    """What a run has come to."""
    update: Update = {
        "outcome": Html(legal(evaluation_view.ended(run))),
        **_buttons(busy=False),
    }
    if run.outcome is not None:
        page, records = _downloads(run.outcome)
        update["report"] = Html(legal(evaluation_view.report_view(run.outcome)))
        update["page"] = gr.update(value=page, visible=True)
        update["records"] = gr.update(value=records, visible=True)
    return update


def _content(name: str, size: object, data: object) -> bytes:
    """The bytes of an uploaded file; the page leaves out those of one that is too large."""
    encoded = data if isinstance(data, str) else ""
    if len(encoded) > ENCODED or (isinstance(size, int) and size > LARGEST):
        raise QuestionError(
            words("{name} 超过 {mb} MB；请把题目分成几个文件。", name=name, mb=LARGEST // 2**20)
        )
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:  # the event was not sent by this page
        raise QuestionError(words("{name} 没有传全；请再选一次。", name=name)) from error


def _limit(given: object) -> int | None:
    if given is None or given == 0:
        return None
    if not isinstance(given, int) or given < 0:
        raise QuestionError(words("题数 {given} 不是正整数；请改正，0 是全部。", given=given))
    return given


def _downloads(outcome: Outcome) -> tuple[str, str]:
    """The report's page, and the rest of it in one file, where Gradio serves files from."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ZIPPED:
            archive.write(outcome.folder / name, name)
    page = (outcome.folder / "report.html").read_bytes()
    return _served(page, "report.html"), _served(packed.getvalue(), "report.zip")


def _served(data: bytes, name: str) -> str:
    return str(save_bytes_to_cache(data, name, get_upload_folder()))


def _told(text: str) -> Update:
    return {"told": chat_view.notice(legal(text))}


def _buttons(busy: bool) -> Update:
    return {"start": gr.update(visible=not busy), "halt": gr.update(visible=busy)}
