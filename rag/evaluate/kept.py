"""The finished cases of a run, kept on disk until its report is written."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from rag.config import Settings
from rag.errors import ConfigError
from rag.evaluate.machine import versions
from rag.evaluate.record import Case, Result
from rag.index.files import sha256

PARTIAL = "partial.jsonl"

logger = logging.getLogger(__name__)


class Kept:
    """Results by what they were made from: the case, the index, the models, the settings and
    the code.

    A case that was run with another of these is not found, and runs again.
    """

    def __init__(self, folder: Path, settings: Settings, index: str, generator: str) -> None:
        """Raises ConfigError where the folder cannot be written."""
        self._path = folder / PARTIAL
        self._made_from = [index, generator, versions(), settings.model_dump(mode="json")]
        self._made_from.append(sha256(settings.abstain) if settings.abstain.is_file() else "")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._out = self._path.open("a+", encoding="utf-8")
            self._out.seek(0)
            self._done = self._read(self._out.read())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{self._path} cannot be used ({error}); remove it or name another folder"
            ) from error

    def __enter__(self) -> Kept:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._out.close()

    def get(self, case: Case) -> Result | None:
        """What came of the case, where it was run before."""
        return self._done.get(self._key(case))

    def add(self, result: Result) -> None:
        """Keep a result, at once."""
        row = {"key": self._key(result.case), "result": result.model_dump(mode="json")}
        self._out.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._out.flush()

    def _read(self, text: str) -> dict[str, Result]:
        done = {}
        for line in text.split("\n"):
            try:
                row = json.loads(line or "{}")
                if row:
                    done[row["key"]] = Result.model_validate(row["result"])
            except (ValidationError, ValueError, KeyError, TypeError) as error:
                # The line that was being written when the run ended: its case runs again.
                logger.debug("%s: a broken line (%s)", self._path, error)
        if text and not text.endswith("\n"):
            self._out.write("\n")
        return done

    def _key(self, case: Case) -> str:
        made_from = json.dumps([self._made_from, case.model_dump(mode="json")], sort_keys=True)
        return hashlib.sha256(made_from.encode("utf-8", "surrogatepass")).hexdigest()


def forget(folder: Path) -> None:
    """Drop what was kept: the report holds it now."""
    (folder / PARTIAL).unlink(missing_ok=True)
