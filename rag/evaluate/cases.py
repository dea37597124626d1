"""Files of cases: YAML (a list of mappings), JSONL and CSV, read into `Case`s and written.

The fields are those of `rag.evaluate.record.Case`; `rag.evaluate.case_csv` tells how they stand
in a table. White space around a text is dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import yaml
from pydantic import ValidationError

from rag.errors import QuestionError
from rag.evaluate.case_csv import LISTS, csv_rows, csv_text, unknown
from rag.evaluate.case_template import EXAMPLE
from rag.evaluate.record import Case
from rag.ingest.readers import BINARY, decode

SUFFIXES = frozenset({".yaml", ".yml", ".jsonl", ".csv"})

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_REMEDIES = (  # by the beginning of pydantic's type of error
    ("missing", "is missing; add it"),
    ("string_too_short", "is empty; write it or remove the case"),
    ("string", 'is not text; put it into quotes, such as "2017"'),
    ("tuple", "is not a list; write [one, another]"),
    ("bool", "is neither true nor false; write one of them"),
    ("date", "is no day; write it as 2024-09-18"),
    ("model", "is not a mapping; write fields under it, such as since: 2024-09-18"),
)

_Row = tuple[int, object]
"""The line on which a case begins, counted from 1, and what is written there."""


def read_cases(paths: Sequence[Path]) -> list[Case]:
    """The cases of all files, in order; a folder stands for the case files right in it, by name.

    Raises QuestionError with file, line and field: a file that cannot be read or has no case,
    an unknown field, a value of another kind, an id that stands twice over all the files.
    """
    places: dict[str, str] = {}
    cases: list[Case] = []
    for path in case_paths(paths):
        before = len(cases)
        for line, row in _rows(path):
            place = f"{path} line {line}"
            case = _case(row, place)
            if first := places.get(case.id):
                raise QuestionError(f"{place}: id {case.id!r} stands at {first} too; change one")
            places[case.id] = place
            cases.append(case)
        if len(cases) == before:
            raise QuestionError(f"{path}: no case in it; see `rag eval --init` for an example")
    return cases


def case_paths(paths: Sequence[Path]) -> list[Path]:
    """The files of cases; a folder stands for those right in it, by name.

    Raises QuestionError for a folder without any.
    """
    return list(chain.from_iterable(map(_files, paths)))


def write_cases(cases: Sequence[Case], path: Path) -> None:
    """Write a file that `read_cases` reads back as the same cases; its ending says the form.

    CSV begins with a byte order mark, so that spreadsheets read it as UTF-8, and a cell that
    they would take for a formula begins with a `'`. Raises QuestionError for another ending,
    for a control character in CSV and where the file cannot be written.
    """
    rows = _plain(cases)
    match path.suffix.lower():
        case ".yaml" | ".yml":
            text = yaml_text(cases)
        case ".jsonl":
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        case ".csv":
            text = "\ufeff" + csv_text(rows, path)
        case _:
            raise QuestionError(f"{path}: unknown form; end it in .yaml, .jsonl or .csv")
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise QuestionError(
            f"{path} cannot be written ({error.strerror}); check its folder"
        ) from error


def yaml_text(cases: Sequence[Case]) -> str:
    """The cases as YAML that `read_cases` reads back as the same cases."""
    return yaml.dump(_plain(cases), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)


def _plain(cases: Sequence[Case]) -> list[dict[str, object]]:
    return [case.model_dump(mode="json", exclude_defaults=True) for case in cases]


def written_example(path: Path) -> Path:
    """Write `EXAMPLE` to a new .yaml file. Raises QuestionError where there is one already."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise QuestionError(f"{path}: the example is YAML; end the name in .yaml")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(EXAMPLE)
    except FileExistsError as error:
        raise QuestionError(f"{path} is there already; name another file") from error
    except OSError as error:
        raise QuestionError(
            f"{path} cannot be written ({error.strerror}); check its folder"
        ) from error
    return path


class _Dumper(yaml.SafeDumper):
    """Writes texts as they are, but for U+0085: PyYAML folds this line break into a space."""


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if "\x85" in text else None
    )


_Dumper.add_representer(str, _text_node)


def file_text(path: Path) -> str:
    """A file as text, in UTF-8, UTF-16 or GB18030. Raises QuestionError with the reason."""
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise QuestionError(f"{path} cannot be read ({error.strerror}); check it") from error
    except ValueError as error:
        reason = "a binary file, not text; save it as UTF-8" if str(error) == BINARY else error
        raise QuestionError(f"{path}: {reason}") from error


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(
        p
        for p in path.iterdir()
        if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()
    )
    if not files:
        raise QuestionError(f"no case file in {path}; put a .yaml, .jsonl or .csv there")
    return files


def _rows(path: Path) -> Iterator[_Row]:
    readers = {".yaml": _yaml_rows, ".yml": _yaml_rows, ".jsonl": _json_rows, ".csv": csv_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise QuestionError(f"{path}: unknown form; give a .yaml, .jsonl or .csv file")
    return reader(file_text(path), path)


def _yaml_rows(text: str, path: Path) -> Iterator[_Row]:
    place = str(path)
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return
        if not isinstance(root, yaml.SequenceNode):
            raise QuestionError(f"{path}: not a list; begin every case with `- id:`")
        for node in root.value:
            line = node.start_mark.line + 1
            place = f"{path} line {line}"
            if isinstance(node, yaml.MappingNode):
                _no_field_twice(node, path)
            yield line, loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context or "it cannot be read"
        raise QuestionError(
            f"{path} line {line}: not YAML, {problem}; check the indents and the quotes"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2024-02-30
        reason = " ".join(str(error).split())
        raise QuestionError(f"{place}: not YAML ({reason}); put it right") from error


def _no_field_twice(node: yaml.MappingNode, path: Path) -> None:
    """YAML itself would keep the last one and say nothing."""
    seen = set()
    for key in (key for key, _value in node.value if isinstance(key, yaml.ScalarNode)):
        if key.value in seen:
            line = key.start_mark.line + 1
            raise QuestionError(f"{path} line {line}: {key.value!r} stands twice; keep one")
        seen.add(key.value)


def _json_rows(text: str, path: Path) -> Iterator[_Row]:
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise QuestionError(f"{path} line {line}: not JSON; put it right") from error
        yield line, row


def _case(row: object, place: str) -> Case:
    if not isinstance(row, dict):
        raise QuestionError(f"{place}: not a mapping of fields; write id, question and so on")
    row = {name: _tidy(value) for name, value in row.items()}
    if isinstance(filters := row.get("filters"), dict):
        row["filters"] = {name: _iso(_tidy(value)) for name, value in filters.items()}
    try:
        case = Case.model_validate(row)
    except ValidationError as error:
        raise QuestionError(f"{place}: {_problem(error)}") from error
    for name in LISTS:
        if "" in getattr(case, name):
            raise QuestionError(f"{place}: {name} holds an empty text; write it or remove it")
    return case


def _tidy(value: object) -> object:
    if isinstance(value, list):
        return [item.strip() if isinstance(item, str) else item for item in value]
    return value.strip() if isinstance(value, str) else value


def _iso(value: object) -> object:
    """A day as a spreadsheet or a Chinese hand writes it, in the form that is validated."""
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    return "{}-{:0>2}-{:0>2}".format(*match.groups()) if match else value


def _problem(error: ValidationError) -> str:
    """The first thing that is wrong, in one line with its remedy."""
    first = error.errors(include_url=False)[0]
    field = ""
    for part in first["loc"]:
        field += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if field else part
    if first["type"] == "extra_forbidden":
        return f"field {field!r} {unknown(field)}"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    for kind, remedy in _REMEDIES:
        if first["type"].startswith(kind):
            return f"{field} {remedy}"
    return f"{field}: {first['msg']}"
