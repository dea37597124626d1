"""Cases as a table: one row a case, one column a field.

Lists are parted by `|` (a bar in a text is `\\|`, a backslash `\\\\`), filters have the columns
`filters.since` and so on, `refuse` is true, false, 1, 0, 是 or 否.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from rag.errors import QuestionError
from rag.evaluate.record import Case, CaseFilters

_FILTERS = tuple(CaseFilters.model_fields)
COLUMNS = tuple(
    chain.from_iterable(
        [f"filters.{name}" for name in _FILTERS] if field == "filters" else [field]
        for field in Case.model_fields
    )
)
LISTS = ("history", "all_of", "any_of", "none_of", "articles", "quotes", "tags")
_YES_NO = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}
_TOKEN = re.compile(r"\\[\\|]|\||[^\\|]+|\\")
# A spreadsheet runs a cell that begins so, full-width signs too; a ' before it makes it text.
_FORMULA = re.compile("'*[=+@＝＋－＠-]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")


def csv_rows(text: str, path: Path) -> Iterator[tuple[int, object]]:
    """Line and fields of every row that is not blank. Raises QuestionError naming the line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [_unguarded(cell).strip() for cell in next(reader)]
        for name in names:
            if name not in COLUMNS or names.count(name) > 1:
                problem = unknown(name) if name not in COLUMNS else "stands twice"
                raise QuestionError(f"{path} line 1: column {name!r} {problem}")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                raise QuestionError(f"{path} line {line}: more cells than columns; quote commas")
            if any(cell.strip() for cell in cells):
                yield line, _csv_row(dict(zip(names, cells, strict=False)), f"{path} line {line}")
            line = reader.line_num + 1
    except csv.Error as error:
        raise QuestionError(
            f"{path} line {reader.line_num}: not CSV ({error}); check the quotes"
        ) from error


def _csv_row(cells: dict[str, str], place: str) -> dict[str, object]:
    row: dict[str, object] = {}
    filters: dict[str, str] = {}
    for name, cell in cells.items():
        text = _unguarded(cell).strip()
        if not text:
            continue
        if name in LISTS:
            row[name] = _split(text)
        elif name == "refuse":
            if text.lower() not in _YES_NO:
                raise QuestionError(f"{place}: refuse is {text!r}; write true or false")
            row[name] = _YES_NO[text.lower()]
        elif name.startswith("filters."):
            filters[name.removeprefix("filters.")] = text
        else:
            row[name] = text
    return {**row, "filters": filters} if filters else row


def csv_text(rows: Sequence[Mapping[str, Any]], path: Path) -> str:
    """The table, with the columns that any row uses.

    rows: fields that stand in a case. Raises QuestionError for a control character.
    """
    flat = []
    for row in rows:
        filters = row.get("filters", {})
        cells = {**row, **{f"filters.{name}": value for name, value in filters.items()}}
        flat.append({name: _cell(cells[name]) for name in COLUMNS if name in cells})
    used = set().union(*flat, ("id", "question"))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [name for name in COLUMNS if name in used])
    writer.writeheader()
    for number, row in enumerate(flat, 2):
        if any(map(_CONTROL.search, row.values())):
            raise QuestionError(f"{path} row {number}: a control character; write .jsonl instead")
        writer.writerow(row)
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in value)
    return f"'{value}" if _FORMULA.match(str(value)) else str(value)


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _split(cell: str) -> list[str]:
    items = [""]
    for token in _TOKEN.findall(cell):
        if token == "|":
            items.append("")
        else:
            items[-1] += token[1] if token in ("\\\\", "\\|") else token
    return items


def unknown(name: str) -> str:
    """What to say of a field that is none of `COLUMNS`."""
    leaves = {column.rpartition(".")[2]: column for column in COLUMNS}
    near = difflib.get_close_matches(name.rpartition(".")[2], leaves, 1)
    if near:
        return f"is unknown; did you mean {leaves[near[0]]}?"
    return f"is unknown; use {', '.join(COLUMNS)}"
