"""What users think of answers: thumbs up and down with a reason, in one SQLite table."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from rag.answer.export import answer_to_dict
from rag.database import opened
from rag.errors import RagError
from rag.types import Answer

Verdict = Literal["up", "down"]

LONGEST: Mapping[str, int] = {"user": 200, "reason": 200, "comment": 2000}
"""Characters that are taken of what a user may write."""
CHANGED = ("time", "verdict", "reason", "comment")
STEPS = (
    """CREATE TABLE feedback (
        id INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        user TEXT NOT NULL,
        question TEXT NOT NULL,
        standalone TEXT NOT NULL,
        answer TEXT NOT NULL,
        index_version TEXT NOT NULL,
        generator TEXT NOT NULL,
        citations TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
        reason TEXT NOT NULL,
        comment TEXT NOT NULL
    )""",
    "ALTER TABLE feedback ADD COLUMN key TEXT",
    "CREATE UNIQUE INDEX feedback_key ON feedback (key)",
)
"""As `opened` takes them."""


def _now() -> datetime:
    return datetime.now(UTC)


class FeedbackError(RagError):
    """The file of feedback, or something given that it cannot hold."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thumb. time: UTC, ISO 8601 with microseconds, of the last change.

    answer: the text as shown. citations: as `rag.answer.export.answer_to_dict` gives them.
    """

    id: int
    time: str
    user: str
    question: str
    standalone: str
    answer: str
    index_version: str
    generator: str
    citations: list[dict[str, Any]]
    verdict: Verdict
    reason: str
    comment: str


class Feedback:
    """The table of one file. Safe to share between threads."""

    def __init__(self, path: Path, now: Callable[[], datetime] = _now) -> None:
        """Nothing is opened yet; each method raises FeedbackError where the file cannot be used."""
        self._path, self._now = path, now

    def give(
        self,
        answer: Answer,
        verdict: Verdict,
        reason: str = "",
        comment: str = "",
        user: str = "",
        key: str = "",
    ) -> str:
        """Note a thumb with the answer it was given to; the key by which it may be changed.

        key: of a thumb that was given before, whose verdict, reason and comment these replace.
        It cannot be guessed, so that nobody changes another's. Raises FeedbackError.
        """
        key = key or secrets.token_hex(16)
        row = {
            "key": key,
            "time": _stamp(self._now()),
            "question": answer.question,
            "standalone": answer.standalone or answer.question,
            "answer": answer.text,
            "index_version": answer.index_version,
            "generator": answer.generator,
            "citations": json.dumps(answer_to_dict(answer)["citations"], ensure_ascii=False),
            **_checked({"verdict": verdict, "reason": reason, "comment": comment, "user": user}),
        }
        row = {name: _storable(value) for name, value in row.items()}
        columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        changes = ", ".join(f"{name} = excluded.{name}" for name in CHANGED)
        with self._open() as database:
            database.execute(
                f"INSERT INTO feedback ({columns}) VALUES ({values}) "
                f"ON CONFLICT (key) DO UPDATE SET {changes}",
                row,
            )
        return key

    def rows(self, since: datetime | None = None) -> list[Row]:
        """All thumbs in the order of their ids, or those of `since` and later.

        since: taken for local time where it names no zone. Raises FeedbackError.
        """
        start = _stamp(since) if since else ""
        with self._open() as database:
            database.row_factory = sqlite3.Row
            found = database.execute(
                "SELECT * FROM feedback WHERE time >= ? ORDER BY id", (start,)
            ).fetchall()
        names = Row.__slots__
        return [
            Row(**{name: row[name] for name in names} | {"citations": json.loads(row["citations"])})
            for row in found
        ]

    def export_cases(self, path: Path, since: datetime | None = None) -> int:
        """Write a file of draft cases, one for each thumb down; how many there are.

        A case holds the question as it was read, so it needs no history. What a right answer
        must hold is left to the person who checks it, and the reason stands among the tags.
        Raises FeedbackError where there is no thumb down, QuestionError as `write_cases` does.
        """
        from rag.evaluate.cases import write_cases
        from rag.evaluate.record import Case

        down = [row for row in self.rows(since) if row.verdict == "down"]
        if not down:
            raise FeedbackError(f"no thumb down in {self._path}; there is nothing to export yet")
        cases = [
            Case(
                id=f"feedback-{row.id}",
                question=_line(row.standalone),
                tags=tuple(filter(None, ("draft", "feedback", _line(row.reason)))),
            )
            for row in down
        ]
        write_cases(cases, path)
        return len(cases)

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(self._path, STEPS, "feedback", FeedbackError)


def _checked(given: Mapping[str, str]) -> dict[str, str]:
    """What a user gave, without white space around it. Raises FeedbackError."""
    if given.get("verdict", "up") not in get_args(Verdict):
        raise FeedbackError(f"verdict {given['verdict'][:20]!r} is unknown; give up or down")
    told = {name: text.strip() for name, text in given.items()}
    for name, longest in LONGEST.items():
        if len(told.get(name, "")) > longest:
            raise FeedbackError(
                f"the {name} has {len(told[name])} characters; {longest} are the most, shorten it"
            )
    return told


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _storable(text: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _line(text: str) -> str:
    return " ".join(text.split())
