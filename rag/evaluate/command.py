"""What `rag eval` does: read, run, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answer.names import pos_tagger
from rag.config import Settings
from rag.errors import QuestionError
from rag.evaluate.cases import read_cases, write_cases, written_example, yaml_text
from rag.evaluate.draft import drafts
from rag.evaluate.gather import gather, hashes, parse_floors
from rag.evaluate.kept import forget
from rag.evaluate.markdown import markdown
from rag.evaluate.record import Case, Report, Selection
from rag.evaluate.report import RECORD, read_report, write_report
from rag.evaluate.run import Searcher, run
from rag.ingest.readers import find_issue
from rag.progress import Bars
from rag.wiring import open_assistant, open_search

DRAFT = "draft"
"""Tag of proposed cases: they are left out until a person has confirmed them by removing it."""

_TO_CONFIRM = f"# Check each case: correct it and remove the tag {DRAFT}, or delete it.\n"


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: its summary as Markdown, and whether every floor is met."""

    summary: str
    met: bool


def run_cases(
    settings: Settings,
    paths: Sequence[Path],
    folder: Path,
    *,
    against: Path | None,
    floors: Sequence[str],
    retrieval_only: bool,
    limit: int | None,
    every: int,
    tags: Sequence[str],
    bars: Bars,
) -> Done:
    """Run the cases of `paths` and write the report into `folder`.

    against: folder of the report to compare with; None: the one that `folder` holds, if any and
    of the same kind. Raises a RagError where the run cannot be made.
    """
    wanted = parse_floors(floors)
    chosen = choose(_read(paths), tags, limit, retrieval_only, every)
    before = _comparable(folder, against, retrieval_only)
    answerer = None if retrieval_only else open_assistant(settings, bars)
    searcher: Searcher = answerer or open_search(settings, bars)
    with bars.score("评测", len(chosen)) as tell:
        results = run(chosen, searcher, answerer, folder, tell)
    generator = answerer.generator if answerer else ""
    selection = Selection(limit=limit, every=every, tags=tuple(tags))
    report = gather(results, searcher, generator, hashes(paths), wanted, before, selection)
    write_report(report, folder)
    forget(folder)
    return Done(markdown(report), all(floor.met for floor in report.floors))


def choose(
    cases: Sequence[Case],
    tags: Sequence[str] = (),
    limit: int | None = None,
    retrieval_only: bool = False,
    every: int = 1,
) -> list[Case]:
    """The cases to run: those with one of the tags, drafts only where asked for.

    every: of all these the first, and each so manyth after it; limit: the first so many of them.
    retrieval_only: there is nothing to find for what the corpus does not hold; such cases are
    left out. Raises QuestionError where none is left.
    """
    kept = [c for c in cases if not tags or set(tags) & set(c.tags)]
    kept = [c for c in kept if not (retrieval_only and c.refuse)]
    kept = [c for c in kept if DRAFT in tags or DRAFT not in c.tags][::every][:limit]
    if not kept:
        known = ", ".join(sorted({tag for case in cases for tag in case.tags})) or "none"
        raise QuestionError(
            f"no case to run; the tags are: {known} (drafts need the tag {DRAFT}; search alone "
            "leaves out what is to be refused)"
        )
    return kept


def convert(paths: Sequence[Path], out: Path) -> str:
    """Write the cases of `paths` to a new file in the form of its ending; what to say of it.

    Raises QuestionError where they cannot be read, `out` is there or cannot be written.
    """
    cases = _read(paths)
    if out.exists():
        raise QuestionError(f"{out} is there already; name another file")
    write_cases(cases, out)
    return f"wrote {out}: {len(cases)} cases"


def example(paths: Sequence[Path]) -> str:
    """Write the commented example; what to say of it."""
    path = written_example(paths[0] if paths else Path("cases.yaml"))
    return f"wrote {path}; change it, then: rag eval {path}"


def draft_cases(issue: str, settings: Settings) -> str:
    """Cases proposed on an issue, a file or an id, as YAML with a word on what to do with them.

    Raises CorpusError where there is no such issue, QuestionError where nothing can be asked.
    """
    proposed = drafts(find_issue(issue, settings.corpus), pos_tagger(settings.cache_dir))
    if not proposed:
        raise QuestionError(f"no question can be drawn from {issue}; write cases by hand (--init)")
    return f"{_TO_CONFIRM}{yaml_text(proposed)}"


def _read(paths: Sequence[Path]) -> list[Case]:
    if not paths:
        raise QuestionError(
            "CASES is missing; name files or folders of cases, or write an example with "
            "`rag eval --init`"
        )
    return read_cases(paths)


def _comparable(folder: Path, against: Path | None, retrieval_only: bool) -> Report | None:
    """The report to compare with: search alone compares with search alone."""
    if against is None and not (folder / RECORD).exists():
        return None
    before = read_report(against or folder)
    if before.retrieval_only == retrieval_only:
        return before
    if against is None:
        return None
    remedy = "leave out" if retrieval_only else "add"
    kind = "answered" if retrieval_only else "only searched"
    raise QuestionError(
        f"{against} holds a run that {kind}; {remedy} --retrieval-only or name another report"
    )
