"""Users whose passwords were hashed once for all tests of a process."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from rag.users import Users

PASSWORD = "正确的密码 123"


def register(path: Path) -> dict[str, str]:
    """Write a users file with 甲 and 乙, both with `PASSWORD`. Returns their keys by name."""
    made, keys = _made()
    shutil.copy(made, path)
    return dict(keys)


@cache
def _made() -> tuple[Path, dict[str, str]]:
    path = Path(tempfile.mkdtemp(prefix="users-")) / "users.json"
    users = Users.load(path)
    return path, {name: users.add(name, PASSWORD) for name in "甲乙"}
