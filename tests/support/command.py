"""The command line, called in this process."""

from __future__ import annotations

from rag.cli import main


def run(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
