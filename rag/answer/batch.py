"""Questions from a JSONL file, one answer a line, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.answer.export import answer_to_dict
from rag.errors import QuestionError, RagError
from rag.retrieve.filters import check_filters, read_filters

if TYPE_CHECKING:
    from rag.answer.assistant import Assistant


def read_batch(path: Path) -> list[str]:
    """The file's lines; blank ones are kept as such. Raises QuestionError."""
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"batch {path} cannot be read ({error}); give a UTF-8 file") from error


def answer_batch(
    assistant: Assistant, lines: Sequence[str], given: Mapping[str, str | None] | None = None
) -> Iterator[dict[str, Any]]:
    """One dictionary for each line that is not blank: an answer with its `id`, or an `error`.

    given: filters of all lines, as `read_filters` takes them; those of a line go before them.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name: object = None
        try:
            row = _row(line)
            name = row.get("id")
            filters = read_filters({**(given or {}), **row["filters"]})
            check_filters(filters, assistant.facets().counts)
            answer = assistant.ask(row["question"], row.get("history") or (), filters)
            yield {"id": name, **answer_to_dict(answer)}
        except RagError as error:
            yield {"id": name, "line": number, "error": str(error)}


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionError("not JSON; write one object a line") from error
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        raise QuestionError('no "question"; write {"id": ..., "question": ...}')
    history = row.get("history") or []
    if not isinstance(history, list) or not all(isinstance(item, str) for item in history):
        raise QuestionError('"history" must be a list of earlier questions')
    filters = row.get("filters") or {}
    if not isinstance(filters, dict):
        raise QuestionError('"filters" must be an object such as {"paper": ..., "from": ...}')
    return {**row, "filters": filters}
