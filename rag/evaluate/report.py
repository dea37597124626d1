"""Write a report into a folder, and read it back."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from rag.errors import ConfigError, QuestionError
from rag.evaluate.junit import junit
from rag.evaluate.markdown import markdown
from rag.evaluate.record import Report
from rag.evaluate.report_html import html

RECORD = "report.json"


def write_report(report: Report, folder: Path) -> None:
    """Write `report.json`, `report.html`, `junit.xml` and `summary.md`, each whole or not at all.

    Raises ConfigError where the folder cannot be written.
    """
    texts = {
        "report.html": html(report),
        "junit.xml": junit(report),
        "summary.md": markdown(report),
        RECORD: report.model_dump_json(indent=1) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _write(folder / name, text)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written ({error}); name another folder for the report"
        ) from error


def read_report(folder: Path) -> Report:
    """The report that `write_report` wrote into the folder.

    Raises QuestionError where there is none or it is damaged.
    """
    path = folder / RECORD
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise QuestionError(
            f"{path} cannot be read ({error.strerror}); name a folder that holds a report"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise QuestionError(
            f"{path} is not a report ({place}: {first['msg']}); run the evaluation again"
        ) from error


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
