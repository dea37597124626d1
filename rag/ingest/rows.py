"""Lines of JSON (.jsonl) to articles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from rag.ingest import forms
from rag.ingest.text import parse_date, path_date
from rag.types import Article, Issue


def read_rows(text: str, name: PurePath, issue_id: str) -> Issue:
    """Lines of JSON to an issue, an article a line.

    A line is an object with `text`, and with `id`, `title`, `date`, `paper`, `page` where they
    are known. name: the file's, whose date is that of lines without one. Raises ValueError with
    the line's number, the reason and the remedy.
    """
    articles: list[Article] = []
    day = path_date(name)
    for number, row in _rows(text):
        body = row.get("text")
        if not isinstance(body, str) or not body.strip():
            raise ValueError(f"line {number} has no text; add it or remove the line")
        paragraphs = [line.strip() for line in body.splitlines() if line.strip()]
        found = forms.body_credits("\n".join(paragraphs))
        key = str(row.get("id") or number)
        digest = hashlib.sha256("\0".join((issue_id, key, *paragraphs)).encode("utf-8", "replace"))
        articles.append(
            replace(
                Article(digest.hexdigest()[:16], issue_id, str(row.get("title") or ""), ""),
                text="\n".join(paragraphs),
                reporters=found.reporters,
                correspondents=found.correspondents,
                paper=str(row.get("paper") or ""),
                date=parse_date(row.get("date")) or day,
                page=str(row.get("page") or ""),
            )
        )
    if not articles:
        raise ValueError("no article in it; put rows into it or remove it")
    return Issue(issue_id, name.as_posix(), tuple(articles), date=day)


def _rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} is not JSON; put it right") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is not an object; put it right")
        yield number, row
