"""Each fault, struck everywhere: kills, full disks, damaged files, power cuts, two builders.

`tests/test_faults.py` strikes in some places and `benchmarks/faults.py` in all. A function
strikes copies of a `World` below `folder` and enters every run in a `Tally`.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from unittest import mock

from rag.config import Settings
from rag.errors import IndexDamaged, StoreBusy, StoreError
from rag.index.build import build
from rag.index.store import Store
from rag.index.watch import Changes
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.wiring import open_living
from tests.support.fakes import ScriptedGenerator
from tests.support.faulty_disk import Before, Disk, Op, watched
from tests.support.worlds import ENCODER, TOLD, Tally, Work, World, answers, build_it, forked, load

PARTS = 12
"""Files of a segment."""
EVERY = slice(None)
KINDS = (("lost", 0), ("names", 0), ("renames", 0), ("all", 0))
"""Of power cuts, see `Disk.after_cut`; with chance, there are as many as one likes."""


def counting(at: int, strike: Callable[[], None], onwards: bool = False) -> Before:
    """Strikes before the change number `at`, from 1; onwards: before each later one too."""
    seen = 0

    def before(_op: Op) -> None:
        nonlocal seen
        seen += 1
        if seen == at or (onwards and seen > at):
            strike()

    return before


def kill() -> None:
    """The end of this process, with no chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill() -> None:
    """What a full disk says."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def kill_everywhere(
    world: World,
    folder: Path,
    tally: Tally,
    work: Work = build_it,
    newest: int = 1,
    some: slice = EVERY,
) -> None:
    """SIGKILL before each change that the work makes; a write has two, its halves."""
    done = world.record(folder, work)
    for at in range(1, len(done) + 2)[some]:
        with tally.run((at, *done[at - 1 : at])):
            settings = world.copy(folder)

            def struck(at: int = at, settings: Settings = settings) -> None:
                with watched(folder, counting(at, kill)):
                    work(settings)

            code = forked(struck)
            assert code == (-signal.SIGKILL if at <= len(done) else 0), f"ended with {code}"
            world.survived(settings, newest)


def fill_everywhere(
    world: World,
    folder: Path,
    tally: Tally,
    onwards: bool,
    work: Work = build_it,
    newest: int = 1,
    some: slice = EVERY,
) -> None:
    """The disk is full at each change, that once or from then on."""
    done = world.record(folder, work)
    for at in range(1, len(done) + 1)[some]:
        with tally.run((at, done[at - 1].kind, done[at - 1].path)):
            settings = world.copy(folder)
            try:
                with watched(folder, counting(at, fill, onwards)):
                    work(settings)
            except StoreError as error:
                _is_one_line(str(error), "No space left")
            world.survived(settings, newest)


def limit_everywhere(world: World, folder: Path, tally: Tally, sizes: Sequence[int]) -> None:
    """The system lets no file grow beyond each of the sizes, in bytes (RLIMIT_FSIZE)."""
    for size in sizes:
        with tally.run(size):
            settings = world.copy(folder)

            def struck(size: int = size, settings: Settings = settings) -> None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
                try:
                    build(settings, ENCODER)
                finally:
                    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

            said = folder.with_suffix(".said")
            code = forked(struck, said)
            assert code in (0, TOLD), f"the child ended with {code}"
            if code == TOLD:
                _is_one_line(said.read_text("utf-8"), "too large")
            world.survived(settings)


def fill_disk(world: World, mounted: Path, tally: Tally, step: int = 4096) -> int:
    """A real disk with less and less space; ends where there was none at all. Gives how often
    the build was told so."""
    told = 0
    settings = world.copy(mounted / "run")
    free = shutil.disk_usage(mounted).free
    while free >= 0:
        with tally.run(free):
            settings = world.copy(mounted / "run")
            _leave(mounted, free)
            try:
                build(settings, ENCODER)
            except StoreError as error:
                _is_one_line(str(error), "No space left")
                told += 1
            (mounted / "ballast").unlink(missing_ok=True)
            world.survived(settings)
        free -= step
    return told


def _leave(mounted: Path, free: int) -> None:
    now = shutil.disk_usage(mounted).free
    with (mounted / "ballast").open("wb") as ballast:
        ballast.write(bytes(max(0, now - free)))


@contextmanager
def small_disk(where: Path, size: int) -> Iterator[Path]:
    """A tmpfs of `size` bytes. Raises OSError where none can be mounted (it takes root)."""
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(where)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def _is_one_line(line: str, reason: str) -> None:
    assert "\n" not in line and reason in line and "rag build" in line, f"told: {line!r}"


def cut_power_everywhere(
    world: World,
    folder: Path,
    tally: Tally,
    chances: int,
    work: Work = build_it,
    newest: int = 1,
    some: slice = EVERY,
) -> int:
    """The power fails after each change. Gives how many different states were left.

    chances: how often chance decides what of the unsynced changes is kept, beside `KINDS`.
    """
    done = world.record(folder, work)
    disk = Disk(world.folder)
    left: dict[tuple[tuple[str, bytes | None], ...], list[object]] = {}
    for at in range(len(done) + 1):
        if at:
            disk.apply(done[at - 1])
        for kind, seed in (*KINDS, *(("chance", at * chances + i) for i in range(chances))):
            left.setdefault(tuple(disk.after_cut(kind, seed).items()), []).append((at, kind, seed))
    for found, cuts in list(left.items())[some]:
        with tally.run(cuts[:3], len(cuts)):
            world.survived(world.copy(folder, dict(found)), newest)
    return len(left)


@dataclass(frozen=True)
class Fault:
    """Of a file: its name, and what is done to its path."""

    name: str
    harm: Callable[[Path], object]


def _flip(path: Path, share: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(share * (len(data) - 1))] ^= 1
    path.write_bytes(data)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FAULTS = (
    Fault("first byte", lambda path: _flip(path, 0)),
    Fault("a byte in the middle", lambda path: _flip(path, 0.5)),
    Fault("last byte", lambda path: _flip(path, 1)),
    Fault("cut short", lambda path: os.truncate(path, path.stat().st_size // 2)),
    Fault("emptied", lambda path: os.truncate(path, 0)),
    Fault("removed", lambda path: path.unlink()),
    Fault("a folder in its place", _folder),
    *([Fault("unreadable", lambda path: path.chmod(0))] if os.geteuid() else []),
)


def files_of_index(settings: Settings) -> list[Path]:
    """The pointer, and the files of the generation in use and of its segments; relative."""
    store = Store(settings.index)
    manifest = store.manifest()
    folders = [store.generations / manifest.version]
    folders += [store.segments / use.id for use in manifest.segments]
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    return [Path("CURRENT"), *(path.relative_to(settings.index) for path in files)]


def damage_everything(
    world: World, folder: Path, tally: Tally, chosen: Callable[[int, int], bool]
) -> None:
    """Every file of an index that is up to date (world: `changed` is False), by every fault.

    chosen: whether to strike a file by a fault, by the number of each.
    """
    for number, file in enumerate(files_of_index(world.settings)):
        for kind, fault in enumerate(FAULTS):
            if chosen(number, kind):
                with tally.run((str(file), fault.name)):
                    _damage(world, world.copy(folder), file, fault)


def _damage(world: World, settings: Settings, file: Path, fault: Fault) -> None:
    reader = load(settings)
    before = answers(reader, settings)
    fault.harm(settings.index / file)
    try:
        found = answers(load(settings), settings)
    except IndexDamaged as error:
        assert file.name in str(error) and "rag build" in str(error) and "\n" not in str(error)
    else:  # a space was changed to another one
        assert file.name in ("CURRENT", "manifest.json") and found == before, "damage was not seen"
    store = Store(settings.index)
    usable = [name for name in store.names() if _opens(store, name)]
    assert answers(reader, settings) == before, "the reader stopped"
    said: list[str] = []
    with chat(settings, said) as found:
        assert [a.id for a in found.articles()] == [a.id for a in world.fresh.articles]
    world.mended(settings, usable)
    assert answers(reader, settings) == before, "the reader stopped"


def damage_under_reader(world: World, folder: Path, tally: Tally, faults: Sequence[str]) -> None:
    """Every file of a segment, under a reader that maps all files however small."""
    for file in files_of_index(world.settings)[-PARTS:]:
        for fault in (fault for fault in FAULTS if fault.name in faults):
            with tally.run((file.name, fault.name)):
                settings = world.copy(folder)

                def struck(
                    settings: Settings = settings, file: Path = file, fault: Fault = fault
                ) -> None:
                    with mock.patch("rag.index.files.MAP_FROM", 1):
                        reader = load(settings)
                        before = answers(reader, settings)
                        fault.harm(settings.index / file)
                        assert answers(reader, settings) == before
                        try:
                            load(settings)
                        except IndexDamaged:
                            return
                        raise AssertionError("damage was not seen")

                code = forked(struck)
                assert code == 0, f"the reader ended with {code}"


def _opens(store: Store, name: str) -> bool:
    try:
        store.open(name).places()
    except StoreError:
        return False
    return True


@contextmanager
def chat(settings: Settings, said: list[str]) -> Iterator:
    """What the chat answers from, opened as it opens it; without weights."""
    with ExitStack() as stack:
        for owner, part in (
            (SentenceEncoder, ENCODER),
            (TransformersGenerator, ScriptedGenerator([])),
        ):
            opened = mock.Mock(return_value=part)
            stack.enter_context(mock.patch.object(owner, "open", opened))
        live, upkeep = open_living(settings, said.append)
        upkeep.step(Changes(new=("all",)))
        yield live


def second_builder_everywhere(
    world: World, folder: Path, tally: Tally, some: slice = EVERY
) -> None:
    """A builder stands still before each change; a second one is told, and builds once the
    first was killed. The index can be read meanwhile.
    """
    for at, op in list(enumerate(world.record(folder), 1))[some]:
        with tally.run((at, op.kind, op.path)):
            settings = world.copy(folder)
            with _standing(settings, folder, at):
                try:
                    build(settings, ENCODER)
                except StoreBusy as error:
                    line = str(error)
                    assert "another build" in line and "wait" in line and "\n" not in line
                else:
                    raise AssertionError("two builders at once")
                load(settings)
            world.survived(settings)


@contextmanager
def _standing(settings: Settings, folder: Path, at: int) -> Iterator[None]:
    """Another process stands still within a build; it is killed in the end."""
    there, here = os.pipe()

    def wait() -> None:
        os.write(here, b".")
        signal.pause()

    child = os.fork()
    if not child:
        try:
            with watched(folder, counting(at, wait)):
                build(settings, ENCODER)
        finally:
            os._exit(1)
    os.close(here)
    try:
        assert os.read(there, 1) == b".", "the first builder did not get there"
        with mock.patch("rag.index.store.LOCK_SECONDS", 0.01):
            yield
    finally:
        os.close(there)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def memory() -> Path | None:
    """A place where a sync takes no time, if there is one."""
    place = Path("/dev/shm")
    return place if place.is_dir() else None


@cache
def world(generations: int = 3, changed: bool = True) -> World:
    """Made once in a process."""
    folder = tempfile.mkdtemp(dir=memory(), prefix="world-")
    Finalize(None, shutil.rmtree, (folder,), exitpriority=0)  # `atexit` is not for pools
    return World(Path(folder) / "world", generations, changed)


def struck(
    strike: Callable[..., object], generations: int = 3, changed: bool = True, **options: object
) -> Tally:
    """What comes of one of the functions above. Pickled, it can be done in another process: one
    that holds no large models is forked in no time.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        strike(world(generations, changed), Path(folder) / "run", tally, **options)
    return tally
