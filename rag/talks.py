"""Conversations of those who log in, in one SQLite table: a row each, under its user's name.

The file is made when the first call needs it (`rag.database`).
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rag.database import opened
from rag.errors import RagError

logger = logging.getLogger(__name__)

MOST = 200
"""Conversations of one user that are kept."""
ROOM = 4_000_000
"""Bytes of UTF-8 that the conversations of one user take, all together."""
STEPS = (
    """CREATE TABLE talks (
        user TEXT NOT NULL,
        id TEXT NOT NULL,
        changed INTEGER NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (user, id)
    )""",
)
"""As `opened` takes them."""


class TalksError(RagError):
    """The file of conversations, or one that it cannot hold."""


class TalksChanged(TalksError):
    """Another page has gone on with a conversation."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a user has. records: JSON in UTF-8, the one that was changed last before the others.

    damaged: how many could not be read; they are gone from the file.
    """

    records: Sequence[bytes]
    damaged: int = 0


class Talks:
    """The table of one file. Safe to share between threads.

    user: a name as `Users` keeps it; whatever is asked for is looked for under it alone. Every
    method raises TalksError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self.path = path

    def all(self, user: str) -> Listed:
        """All conversations of a user; those that are damaged are dropped from the file."""
        with self._open() as database:
            rows = database.execute(
                "SELECT id, CAST(record AS BLOB) FROM talks WHERE user = ? "
                "ORDER BY changed DESC, id",
                (user,),
            ).fetchall()
            damaged = [talk_id for talk_id, record in rows if not _whole(record, talk_id)]
            if damaged:
                _drop(database, user, damaged)
        if damaged:
            logger.warning("%s: %d damaged conversations of %s", self.path, len(damaged), user)
        gone = set(damaged)
        return Listed([record for talk_id, record in rows if talk_id not in gone], len(damaged))

    def put(
        self, user: str, talk_id: str, changed: int, record: str, before: int | None = None
    ) -> list[str]:
        """Keep a conversation in the place of the one of its id.

        changed: milliseconds since 1970, by which the oldest are told. record: JSON, an object
        with the same id. before: `changed` of the one whose place it takes; None for whatever
        there is. Returns the ids of those that had to go for it: the oldest beyond `MOST` and
        `ROOM`. Raises TalksChanged where it was changed since `before` (the same sent twice is
        no change), and TalksError as well for one that is larger than all the room.
        """
        written = record.encode("utf-8")
        if len(written) > ROOM:
            raise TalksError(
                f"the conversation takes {len(written)} bytes; {ROOM} are the most, begin another"
            )
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            there = database.execute(
                "SELECT changed FROM talks WHERE user = ? AND id = ?", (user, talk_id)
            ).fetchone()
            if before is not None and there and there[0] not in (before, changed):
                raise TalksChanged(
                    "the conversation was changed elsewhere; keep this one under another id"
                )
            database.execute(
                "INSERT INTO talks (user, id, changed, record) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (user, id) DO UPDATE "
                "SET changed = excluded.changed, record = excluded.record",
                (user, talk_id, changed, written),
            )
            others = database.execute(
                "SELECT id, length(record) FROM talks WHERE user = ? AND id <> ? "
                "ORDER BY changed DESC, id",
                (user, talk_id),
            ).fetchall()
            gone, left = [], ROOM - len(written)
            for place, (other, size) in enumerate(others, start=1):
                left -= size
                if place >= MOST or left < 0:
                    gone.append(other)
            _drop(database, user, gone)
        return gone

    def remove(self, user: str, talk_id: str) -> None:
        """Delete a conversation; one that is not there is no error."""
        with self._open() as database:
            _drop(database, user, [talk_id])

    def forget(self, user: str) -> None:
        """Delete all that a user has. Makes no file where there is none."""
        if not self.path.exists():
            return
        with self._open() as database:
            database.execute("DELETE FROM talks WHERE user = ?", (user,))

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(self.path, STEPS, "conversations", TalksError)


def _drop(database: sqlite3.Connection, user: str, ids: Sequence[str]) -> None:
    database.executemany(
        "DELETE FROM talks WHERE user = ? AND id = ?", [(user, talk_id) for talk_id in ids]
    )


def _whole(record: bytes, talk_id: str) -> bool:
    """Whether a row still holds an object of its id; what is in it the page looks at."""
    try:
        read = json.loads(record.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and read.get("id") == talk_id


def _refuse(constant: str) -> None:
    """A browser does not take NaN and the like for JSON."""
    raise ValueError(f"{constant} is not JSON")
