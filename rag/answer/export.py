"""Answers and hits as plain JSON-ready dictionaries: one form for the CLI and the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rag.types import Answer, Article, Citation, Hit


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    """The answer in the documented form; dates as YYYY-MM-DD or null, times in seconds."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "citations": [
            {**asdict(citation), "date": _day(citation), "reporters": list(citation.reporters)}
            for citation in answer.citations
        ],
        "evidence": [hit_to_dict(hit) for hit in answer.evidence.hits],
        "older": [hit_to_dict(hit) for hit in answer.evidence.older],
        "timings": {
            name: None if seconds is None else round(seconds, 3)
            for name, seconds in asdict(answer.timings).items()
        },
        "standalone": answer.standalone,
        "confidence": answer.confidence,
        "checks": [asdict(check) for check in answer.checks],
        "index_version": answer.index_version,
        "generator": answer.generator,
        "encoder": answer.encoder,
    }


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A found passage with its article's record and its scores."""
    return {
        "article_id": hit.article.id,
        "headline": hit.article.headline,
        "issue": hit.article.issue_id,
        "date": _day(hit.article),
        "text": hit.passage.text,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "score": hit.score,
        "dense": hit.dense,
        "sparse": hit.sparse,
    }


def article_to_dict(article: Article) -> dict[str, Any]:
    """All of a parsed article, with the number of its characters."""
    return {
        **asdict(article),
        "date": _day(article),
        "captions": list(article.captions),
        "characters": len(article.text),
    }


def _day(record: Article | Citation) -> str | None:
    return record.date.isoformat() if record.date else None
