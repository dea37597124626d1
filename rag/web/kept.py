"""Conversations as they are kept, and as they are read back.

The browser keeps them, so that nobody else's eyes see them, or the server for those who log in
(`talk_routes`). What comes back from either may have been altered: it is checked whole.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from rag.answer.export import answer_to_dict
from rag.answer.restore import FindArticle, Kept, KeptAnswer, Line, Text, Word, fault
from rag.errors import QuestionError
from rag.feedback import Verdict
from rag.retrieve.filters import read_filters
from rag.web.conversation import Conversation, Thumb, Turn
from rag.web.filters_view import given_of

MOST_TURNS = 200
"""Questions of one conversation that are read back."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class KeptThumb(Kept):
    """See `Thumb`."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    verdict: Verdict
    reason: Word = ""
    comment: Line = ""


class KeptTurn(Kept):
    """See `Turn`. filters: as `read_filters` takes them."""

    question: Annotated[str, Field(min_length=1, max_length=5_000)]
    filters: Annotated[dict[Word, Word], Field(max_length=10, default_factory=dict)]
    status: Literal["answered", "stopped", "failed"]
    text: Text = ""
    problem: Line = ""
    answer: KeptAnswer | None = None
    thumb: KeptThumb | None = None
    at: Word = ""

    @model_validator(mode="after")
    def _answered(self) -> KeptTurn:
        if (self.status == "answered") != (self.answer is not None):
            raise ValueError(f"a turn that is {self.status} and its answer do not agree")
        return self


class KeptConversation(Kept):
    """A whole conversation, its turns in the order in which they were asked."""

    id: Id
    turns: Annotated[tuple[KeptTurn, ...], Field(min_length=1, max_length=MOST_TURNS)]


class KeptRecord(KeptConversation):
    """A conversation as the list of them has it. changed: milliseconds since 1970."""

    title: Word
    changed: Annotated[int, Field(ge=0, lt=2**53)]


def turn_to_dict(turn: Turn) -> dict[str, Any]:
    """A turn that is over, as it is kept; `KeptTurn` reads it back."""
    return {
        "question": turn.question,
        "filters": {name: value for name, value in given_of(turn.filters).items() if value},
        "status": turn.status,
        "text": "" if turn.answer else turn.text,
        "problem": turn.problem,
        "answer": answer_to_dict(turn.answer) if turn.answer else None,
        "thumb": thumb_to_dict(turn),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def thumb_to_dict(turn: Turn) -> dict[str, str] | None:
    """What the user thinks of an answer, as it is kept; None where nothing was said."""
    if turn.thumb is None:
        return None
    return {name: getattr(turn.thumb, name) for name in KeptThumb.model_fields}


def read_record(body: bytes) -> KeptRecord:
    """What the page has the server keep, as JSON: something that can be opened again.

    Raises QuestionError, naming the field, for anything else.
    """
    try:
        record = KeptRecord.model_validate_json(body)
    except ValidationError as error:
        raise QuestionError(f"{fault(error)}; the conversation cannot be kept") from error
    for turn in record.turns:
        read_filters(turn.filters)
    return record


def read_conversation(given: object, find: FindArticle) -> Conversation:
    """A conversation that goes on where it was left. find: see `KeptAnswer.restored`.

    Raises QuestionError where it is not as `turn_to_dict` writes it.
    """
    try:
        kept = KeptConversation.model_validate(given)
    except ValidationError as error:
        raise QuestionError(f"{fault(error)}; the conversation cannot be opened") from error
    turns = [
        Turn(
            number,
            turn.question,
            read_filters(turn.filters),
            status=turn.status,
            text=turn.answer.answer if turn.answer else turn.text,
            problem=turn.problem,
            answer=turn.answer.restored(find) if turn.answer else None,
            thumb=Thumb(**dict(turn.thumb)) if turn.thumb and turn.answer else None,
        )
        for number, turn in enumerate(kept.turns, start=1)
    ]
    return Conversation(turns, turns[-1].filters, id=kept.id)
