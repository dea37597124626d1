"""From the results of a run to its report, and the floors that it is held to."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from rag.errors import ConfigError
from rag.evaluate.cases import case_paths
from rag.evaluate.machine import hardware, versions
from rag.evaluate.record import Floor, Metric, Report, Result, Selection
from rag.evaluate.run import Searcher
from rag.evaluate.summary import METRICS, compare, refusal_curve, summarise, tag_rates
from rag.index.files import sha256

NO_SELECTION = Selection()


def gather(
    results: Sequence[Result],
    searcher: Searcher,
    generator: str,
    files: Mapping[str, str],
    floors: Mapping[str, float],
    before: Report | None = None,
    selection: Selection = NO_SELECTION,
) -> Report:
    """The report over all results.

    generator: empty where only retrieval ran. files: of cases, as given, to SHA-256. floors:
    metric to the least that will do (the most, where less is better). before: the run to compare
    with. selection: which cases of the files were asked for.
    """
    manifest, metrics = searcher.manifest, summarise(results)
    return Report(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        files=dict(files),
        versions=versions(),
        machine=hardware(),
        settings=searcher.settings.model_dump(mode="json"),
        index={
            "version": manifest.version,
            "encoder": manifest.encoder,
            "issues": manifest.issues,
            "articles": manifest.articles,
            "passages": manifest.passages,
        },
        generator=generator,
        retrieval_only=not generator,
        selection=selection,
        metrics=metrics,
        tags=tag_rates(results),
        refusal_curve=refusal_curve(results),
        results=tuple(results),
        floors=tuple(_floor(name, least, metrics) for name, least in floors.items()),
        against=compare(before, results, metrics) if before else None,
    )


def parse_floors(given: Sequence[str]) -> dict[str, float]:
    """`METRIC=VALUE` each. Raises ConfigError for another form, an unknown metric, a value
    that the metric cannot have (shares and scores run from 0 to 1, seconds from 0).
    """
    floors = {}
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in METRICS:
            near = difflib.get_close_matches(name, METRICS, 1, 0.0)[0]
            raise ConfigError(f"--fail-under {text}: no metric {name!r}; did you mean {near}?")
        try:
            floors[name] = float(value)
        except ValueError:
            floors[name] = float("nan")
        timed = METRICS[name].unit == "seconds"
        wanted = f"write {name}={2 if timed else 0.8}"
        if not isfinite(floors[name]):
            raise ConfigError(f"--fail-under {text}: {value!r} is no number; {wanted}")
        if floors[name] < 0 or (floors[name] > 1 and not timed):
            bounds = "less than 0" if timed else "not from 0 to 1"
            raise ConfigError(f"--fail-under {text}: {value} is {bounds}; {wanted}")
    return floors


def hashes(files: Sequence[Path]) -> dict[str, str]:
    """Path, as given, to SHA-256 of files of cases; a folder stands for those in it."""
    return {str(p): sha256(p) for p in case_paths(files)}


def _floor(name: str, floor: float, metrics: Mapping[str, Metric]) -> Floor:
    less = not METRICS[name].higher_is_better
    return Floor(metric=name, floor=floor, value=metrics[name].value, less_is_better=less)
