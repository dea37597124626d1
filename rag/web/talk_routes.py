"""Conversations of those who log in, over HTTP: what `conversation_server.js` reads and writes.

    GET     /conversations        all of the user's: {"user", "conversations", "damaged"}
    PUT     /conversations/{id}   keep one; answers {"dropped": ids that had to go for it};
                                  with ?before=CHANGED 412 where it was changed since
    DELETE  /conversations/{id}   delete one

Whose they are the gate says (`user`), never the request: with `?user=NAME` a page merely makes
sure that it is still the same one's, since another may have logged in meanwhile. Where nobody
has to log in there is nothing here: 404. Errors are one line, in `detail`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from rag.errors import QuestionError
from rag.talks import Listed, Talks, TalksChanged, TalksError
from rag.web.access import user
from rag.web.kept import read_record

logger = logging.getLogger(__name__)

LARGEST = 2_000_000
"""Bytes of one conversation as it comes in; a larger one is refused with 413."""
UNSTORED = {"Cache-Control": "no-store"}
"""Nothing of it stays in the browser, which others may use after a logout."""


class TalkRoutes:
    """What is done behind the addresses."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks

    async def listed(self, request: Request) -> Response:
        """All that the user has."""
        name = _whose(request)
        if isinstance(name, Response):
            return name
        return await _done(lambda: _listed(name, self._talks.all(name), request))

    async def put(self, request: Request) -> Response:
        """Keep one, in the place of the one of its id."""
        name, talk_id = _whose(request), request.path_params["talk_id"]
        if isinstance(name, Response):
            return name
        body = await _body(request)
        if body is None:
            return _refused(413, f"a conversation takes {LARGEST} bytes at most; begin another")

        def keep() -> Response:
            record = read_record(body)
            if record.id != talk_id:
                raise QuestionError("the conversation has another id than its address; send one")
            given = request.query_params.get("before", "")
            before = int(given) if re.fullmatch(r"[0-9]{1,16}", given) else None
            gone = self._talks.put(
                name, record.id, record.changed, record.model_dump_json(), before
            )
            return JSONResponse({"dropped": gone}, headers=UNSTORED)

        return await _done(keep)

    async def remove(self, request: Request) -> Response:
        """Delete one; one that is not there is no error."""
        name, talk_id = _whose(request), request.path_params["talk_id"]
        if isinstance(name, Response):
            return name

        def delete() -> Response:
            self._talks.remove(name, talk_id)
            return Response(status_code=204, headers=UNSTORED)

        return await _done(delete)


def add_talk_routes(app: FastAPI, path: Path) -> None:
    """Add them to the application, which lies behind the gate. path: the setting conversations."""
    routes = TalkRoutes(Talks(path))
    app.add_route("/conversations", routes.listed, methods=["GET"])
    app.add_route("/conversations/{talk_id}", routes.put, methods=["PUT"])
    app.add_route("/conversations/{talk_id}", routes.remove, methods=["DELETE"])


def _listed(name: str, found: Listed, request: Request) -> Response:
    """All of them, or 304 where the page has the same already."""
    head = json.dumps({"user": name, "damaged": found.damaged})[:-1].encode()
    body = head + b', "conversations": [' + b",".join(found.records) + b"]}"
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**UNSTORED, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def _body(request: Request) -> bytes | None:
    """What was sent; None where it is too large, or the page is gone before its end."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


async def _done(work: Callable[[], Response]) -> Response:
    """The answer of a thread that may wait for the disk."""
    try:
        return await run_in_threadpool(work)
    except QuestionError as error:
        return _refused(400, str(error))
    except TalksChanged as error:
        return _refused(412, str(error))
    except TalksError as error:
        logger.warning("%s", error)
        return _refused(503, "the conversations cannot be used; the chat's log says why")


def _whose(request: Request) -> str | Response:
    """The name of the user, or an answer to one who has none here."""
    name = user(request)
    if name is None:
        told = "without a login the browser keeps conversations; see `rag users add`"
        return _refused(404, told)
    if request.query_params.get("user", name) != name:
        return _refused(409, "another user is logged in; open the page anew")
    return name


def _refused(status: int, told: str) -> Response:
    return JSONResponse({"detail": told}, status, UNSTORED)
