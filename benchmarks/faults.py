"""What the index survives: every fault at every place, counted.

    python benchmarks/faults.py [--commands 12] [--chances 12] [--mount 1]
                                [--out benchmarks/results/faults.json]

The strikes are those of `tests/test_faults.py`. Beside the results it writes `faults.md`. Most
builds are of a small corpus with an encoder without weights, so that thousands are made in
minutes; `--commands` is how often the real `rag build` with the real encoder is killed.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rag.config import load_settings
from rag.evaluate.machine import hardware, versions
from rag.models.encoder import SentenceEncoder
from tests.support import strikes, strikes_real
from tests.support.strikes_real import tiny_model
from tests.support.worlds import Tally, roll_back

HERE = Path(__file__).parent
REMOVED = ("removed", "a folder in its place")
IN_PLACE = ("first byte", "a byte in the middle", "last byte", "cut short", "emptied")


@dataclass(frozen=True)
class Row:
    """A fault, how it was made, and what came of it."""

    fault: str
    made: str
    runs: int
    survived: int
    seconds: float
    broken: tuple[str, ...] = ()


def row(fault: str, made: str, work: Callable[[], Tally]) -> Row:
    """Strike, and say so."""
    start = time.perf_counter()
    tally = work()
    seconds = round(time.perf_counter() - start, 1)
    survived = tally.runs - len(tally.broken)
    print(f"{fault}: {survived} of {tally.runs}, {seconds} s", flush=True)
    return Row(fault, made, tally.runs, survived, seconds, tuple(tally.broken[:5]))


def of_index(chances: int, mount: bool) -> list[Row]:
    """Kills, full disks, damage, power cuts and two builders."""
    struck, of = strikes.struck, strikes
    back = {"changed": False, "work": roll_back, "newest": 2}
    sizes = [*range(0, 2000, 50), *range(2000, 8000, 500)]
    every = lambda _file, _kind: True  # noqa: E731
    kill = "SIGKILL before every change of a file, a folder or a name, and half-way in each write"
    power = (
        "after every change: what was not synced is lost, or only names are kept, or only renames, "
        f"or all, or (with {chances} seeds) any part of it, half files and zeros too"
    )
    rows = [
        row("kill a build", kill, lambda: struck(of.kill_everywhere)),
        row("kill the first build", kill, lambda: struck(of.kill_everywhere, 0)),
        row("kill `rag rollback`", kill, lambda: struck(of.kill_everywhere, **back)),
        row(
            "disk full for a moment",
            "every change in turn fails (ENOSPC)",
            lambda: struck(of.fill_everywhere, onwards=False),
        ),
        row(
            "disk full",
            "every change from the n-th on fails, for every n",
            lambda: struck(of.fill_everywhere, onwards=True),
        ),
        row(
            "disk full, `rag rollback`",
            "the same",
            lambda: struck(of.fill_everywhere, onwards=True, **back),
        ),
        row(
            "files may not grow",
            f"RLIMIT_FSIZE, {len(sizes)} limits from 0 to 8,000 bytes",
            lambda: struck(of.limit_everywhere, sizes=sizes),
        ),
        row("power cut, build", power, lambda: struck(of.cut_power_everywhere, chances=chances)),
        row(
            "power cut, first build",
            power,
            lambda: struck(of.cut_power_everywhere, 0, chances=chances),
        ),
        row(
            "power cut, `rag rollback`",
            power,
            lambda: struck(of.cut_power_everywhere, chances=4 * chances, **back),
        ),
        row(
            "damage to any file in use",
            f"each of them: {', '.join(fault.name for fault in strikes.FAULTS)}",
            lambda: struck(of.damage_everything, changed=False, chosen=every),
        ),
        row(
            "a mapped file goes under a reader",
            f"files of a segment, all mapped: {', '.join(REMOVED)}",
            lambda: struck(of.damage_under_reader, changed=False, faults=REMOVED),
        ),
        row(
            "a mapped file changes in place under a reader",
            f"files of a segment, all mapped: {', '.join(IN_PLACE)}",
            lambda: struck(of.damage_under_reader, changed=False, faults=IN_PLACE),
        ),
        row(
            "two builders",
            "the first stands still before every change, and is killed in the end",
            lambda: struck(of.second_builder_everywhere),
        ),
    ]
    return rows + ([of_small_disk()] if mount else [])


def of_small_disk() -> Row:
    """A disk that is really full."""

    def work() -> Tally:
        tally = Tally()
        with (
            tempfile.TemporaryDirectory() as folder,
            strikes.small_disk(Path(folder) / "disk", 768 << 10) as disk,
        ):
            strikes.fill_disk(strikes.world(), disk, tally)
        return tally

    return row("a small disk", "a tmpfs of 768 KiB, with 4 KiB less space each time", work)


def of_models() -> list[Row]:
    """Damage to the files of an unpacked model, and kills while it is unpacked."""

    def work(strike: Callable[..., None]) -> Tally:
        tally = Tally()
        with tempfile.TemporaryDirectory() as folder, tiny_model(Path(folder)) as (tiny, packages):
            options = (packages,) if strike is strikes_real.damage_model else ()
            strike(tiny, Path(folder), tally, *options)
        return tally

    return [
        row(
            "damage to a model's files",
            "every file of an unpacked (small) model: removed, cut short, emptied, a folder in its "
            "place; with the packages and without",
            lambda: work(strikes_real.damage_model),
        ),
        row(
            "kill while a model is unpacked",
            "SIGKILL before every change",
            lambda: work(strikes_real.kill_unpacking),
        ),
    ]


def of_command(commands: int) -> list[Row]:
    """The real command, the real encoder."""
    settings = load_settings()
    encoder = SentenceEncoder.open(settings)
    killed = 0

    def kill() -> Tally:
        nonlocal killed
        tally = Tally()
        with tempfile.TemporaryDirectory() as folder:
            killed = strikes_real.kill_command(encoder, Path(folder), tally, commands)
        return tally

    def remove() -> Tally:
        tally = Tally()
        with tempfile.TemporaryDirectory() as folder:
            strikes_real.remove_weights_in_use(settings, Path(folder), tally)
        return tally

    found = row("kill the real `rag build`", "", kill)
    made = f"SIGKILL at random times, half of them while it writes; {killed} died before their end"
    return [
        replace(found, made=made),
        row("remove the weights of a loaded encoder", "all files of its folder", remove),
    ]


def as_markdown(rows: list[Row], machine: dict[str, str]) -> str:
    """The table, and what survival means."""
    lines = [f"| {r.fault} | {r.made} | {r.runs:,} | {r.survived:,} |" for r in rows]
    return "\n".join(
        [
            "# Faults: what the index survives",
            "",
            "Made by `python benchmarks/faults.py`; `tests/test_faults.py` strikes in some of the "
            "same places. After each fault the corpus has to be as it was, byte for byte; the "
            "index in use the old one or the new one, whole, with the same answers; earlier "
            "generations whole; a reader that was open before has to go on answering; the next "
            "build has to succeed, hold what an index built from nothing holds, keep the earlier "
            "generations and leave no temporary file. A full disk has to be told in one line with "
            "its remedy, damage in one line that names the file; the chat has to open all the "
            "same.",
            "",
            "| fault | how it is made | runs | survived |",
            "|---|---|---|---|",
            *lines,
            "",
            "Not survived: files of 64 MiB and more are mapped into memory, and a process that "
            "reads a mapped file is at the mercy of whoever changes the file in place: cut short, "
            "it ends the process (SIGBUS), overwritten, it is read as it is now. Files that are "
            "removed or replaced by a rename do no harm, and a build does nothing else.",
            "",
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, Python "
            f"{machine['python']}.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=12)
    parser.add_argument("--chances", type=int, default=12)
    parser.add_argument("--mount", type=int, default=1, help="0: no small disk (it takes root)")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "faults.json")
    args = parser.parse_args()
    logging.disable(logging.ERROR)
    machine = hardware() | versions()
    rows = [*of_index(args.chances, bool(args.mount)), *of_models()]
    rows += of_command(args.commands) if args.commands else []
    result = {"machine": machine, "rows": [asdict(r) for r in rows]}
    args.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (HERE / "faults.md").write_text(as_markdown(rows, machine), "utf-8")


if __name__ == "__main__":
    main()
