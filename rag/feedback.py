"""What users think of answers: thumbs up and down with a reason, in one SQLite table.

Every call opens the file and closes it again, so threads and processes may share it: readers
never wait (write-ahead log), writers wait for one another up to `PATIENCE`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, get_args

from rag.answer.export import answer_to_dict
from rag.errors import RagError
from rag.types import Answer

Verdict = Literal["up", "down"]

PATIENCE = 5.0
"""Seconds that a call waits for another that writes."""
LONGEST: Mapping[str, int] = {"user": 200, "reason": 200, "comment": 2000}
"""Characters that are taken of what a user may write."""
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
)
"""One statement for each version of the schema: step n leads from version n to n + 1.

`PRAGMA user_version` holds the version. Steps are appended, never changed.
"""


def _now() -> datetime:
    return datetime.now(timezone.utc)


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
        """Create the file, or bring one of an earlier version up to date; its rows stay.

        Raises FeedbackError where it cannot be written or a later version of the program
        wrote it.
        """
        self._path, self._now = path, now
        with self._open() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("BEGIN IMMEDIATE")
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > len(STEPS):
                raise FeedbackError(
                    f"{path} is of version {version}, this program knows {len(STEPS)}; update it "
                    "or name another file"
                )
            for step in STEPS[version:]:
                database.execute(step)
            database.execute(f"PRAGMA user_version = {len(STEPS)}")  # takes no parameters

    def give(
        self,
        answer: Answer,
        verdict: Verdict,
        reason: str = "",
        comment: str = "",
        user: str = "",
    ) -> int:
        """Note a thumb with the answer it was given to; its id. Raises FeedbackError."""
        row = {
            "time": self._time(),
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
        with self._open() as database:
            done = database.execute(f"INSERT INTO feedback ({columns}) VALUES ({values})", row)
            return int(done.lastrowid or 0)

    def change(
        self,
        row_id: int,
        verdict: Verdict | None = None,
        reason: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Change what is given of a thumb, None leaves it. Raises FeedbackError, for an id that
        there is not as well.
        """
        given = {"verdict": verdict, "reason": reason, "comment": comment}
        told = _checked({name: text for name, text in given.items() if text is not None})
        row = {name: _storable(value) for name, value in told.items()} | {"time": self._time()}
        changes = ", ".join(f"{name} = :{name}" for name in row)
        with self._open() as database:
            done = database.execute(
                f"UPDATE feedback SET {changes} WHERE id = :id", {**row, "id": row_id}
            )
            if not done.rowcount:
                raise FeedbackError(f"no feedback {row_id} in {self._path}; give it anew")

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

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are kept where the block ends well, else undone."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=PATIENCE)) as database, database:
                yield database
        except OSError as error:
            raise FeedbackError(
                f"{self._path} cannot be written ({error.strerror}); check its folder"
            ) from error
        except sqlite3.Error as error:
            raise FeedbackError(
                f"{self._path} cannot be used ({error}); check that it is a writable file of "
                "feedback and that no other program holds it, or name another"
            ) from error

    def _time(self) -> str:
        return _stamp(self._now())


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
    return time.astimezone(timezone.utc).isoformat(timespec="microseconds")


def _storable(text: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _line(text: str) -> str:
    return " ".join(text.split())
