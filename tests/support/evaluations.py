"""Files of cases for the tab 评测, and the scripted assistant that has them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.scripted_backend import NASTY, ScriptedBackend

RIGHT = {"id": "right", "question": "备案有多少？", "all_of": ["27个"], "tags": ["figure"]}
WRONG = {"id": "wrong", "question": "备案有几个？", "all_of": ["30个"], "articles": ["南湖园区"]}
REFUSED = {"id": "refused", "question": "明天天气怎么样？", "refuse": True}
SLOW = {"id": "slow", "question": "慢：备案有多少？", "all_of": ["27个"]}
HOSTILE = {
    "id": f"id{NASTY}",
    "question": f"引号{NASTY}",
    "history": [f"之前{NASTY}"],
    "all_of": [f"没有{NASTY}"],
    "tags": [f"标签{NASTY}"],
}
Row = dict[str, object]


def jsonl(*rows: Row) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@contextmanager
def with_cases(tmp_path: Path) -> Iterator[ScriptedBackend]:
    """Its folder of cases holds two files, and others that are none."""
    scripted = ScriptedBackend()
    folder = tmp_path / "cases"
    folder.mkdir()
    scripted.settings = scripted.settings.model_copy(
        update={"cases": folder, "cache_dir": tmp_path / "cache", "question_chars": 2000}
    )
    (folder / "park.jsonl").write_bytes(jsonl(RIGHT, WRONG, REFUSED))
    (folder / "slow.jsonl").write_bytes(jsonl(RIGHT, SLOW, REFUSED))
    (folder / "notes.txt").write_text("no cases")
    (folder / os.fsdecode(b"\xff.jsonl")).write_bytes(jsonl(RIGHT))
    yield scripted
    scripted.go.set()
    end_threads()


def end_threads() -> None:
    """What a thread raises is reported once it has ended: within this test, not a later one."""
    for thread in threading.enumerate():
        if thread.name == "evaluation":
            thread.join(20)
