"""A file of SQLite that threads and processes share, and whose schema grows by steps.

Every opening is closed again: readers never wait (write-ahead log), writers wait for one another
up to `PATIENCE`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import RagError

PATIENCE = 5.0
"""Seconds that a call waits for another that writes."""


@contextmanager
def opened(
    path: Path, steps: Sequence[str], setting: str, error: type[RagError]
) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept where the block ends well, else undone.

    A file that is not there is made, for its owner's eyes alone; one of an earlier version is
    brought up to date, and its rows stay.

    steps: one statement for each version of the schema, step n leads from version n to n + 1
    (`PRAGMA user_version`). They are appended, never changed. setting: names the file, and says
    what it holds. error: is raised, in one line, where the file cannot be used or a later
    version of the program wrote it.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # SQLite gives the files beside it the same
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as database, database:
            database.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
            if _version(database) < len(steps):
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("BEGIN IMMEDIATE")
                version = _version(database)  # another may have been faster
                for step in steps[version:]:
                    database.execute(step)
                version = max(version, len(steps))
                database.execute(f"PRAGMA user_version = {version}")  # takes no parameters
                database.commit()
            if (version := _version(database)) > len(steps):
                raise error(
                    f"{path} is of version {version}, this program knows {len(steps)}; update it "
                    f"or name another file with the setting {setting}"
                )
            yield database
    except OSError as problem:
        raise error(
            f"{path} cannot be written ({problem.strerror}); check its folder, or name another "
            f"file with the setting {setting}"
        ) from problem
    except sqlite3.Error as problem:
        raise error(
            f"{path} cannot be used ({problem}); check that it is a writable file of {setting} "
            f"and that no other program holds it, or name another with the setting {setting}"
        ) from problem


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
