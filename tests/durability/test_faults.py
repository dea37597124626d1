"""Kills, full disks, damaged files and power cuts: what there was goes on, the next build mends.

`benchmarks/faults.py` strikes in more places.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import IndexDamaged, StoreError
from rag.index import records
from rag.index.build import build
from rag.index.store import Store
from tests.support import strikes, strikes_real
from tests.support.faulty_disk import Disk, tree, watched
from tests.support.worlds import ENCODER, Tally, World, roll_back

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="takes fork")


@pytest.fixture(scope="module")
def apart() -> Iterator[Executor]:
    """Another process, see `strikes.struck`."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def world() -> World:
    """The corpus has changed since it was indexed."""
    return strikes.world()


@pytest.fixture
def current() -> World:
    """The corpus is as it was indexed."""
    return strikes.world(changed=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=strikes.memory()) as made:
        yield Path(made) / "run"


@pytest.fixture
def tally() -> Iterator[Tally]:
    made = Tally()
    yield made
    whole(made)


class Share:
    """Which of the places of a fault are struck: all with `--all`, else every so manyth."""

    def __init__(self, every: bool) -> None:
        self._every = every

    def __call__(self, step: int) -> slice:
        return slice(None, None, 1 if self._every else step)

    def least(self, places: int, step: int) -> int:
        """How many runs there must be, of so many places."""
        return places if self._every else places // step


@pytest.fixture
def share(every_fault: bool) -> Share:
    return Share(every_fault)


def whole(tally: Tally) -> int:
    """That nothing was broken; the number of runs."""
    broken = tally.broken
    assert tally.runs and not broken, f"{len(broken)} of {tally.runs}: {broken[:5]}"
    return tally.runs


class TestHarness:
    def test_a_record_holds_every_change(self, world: World, folder: Path):
        done = world.record(folder)
        disk = Disk(world.folder)
        for op in done:
            disk.apply(op)
        assert disk.now() == tree(folder)
        assert {"create", "write", "sync", "mkdir", "rename", "unlink"} <= {op.kind for op in done}
        assert not [op for op in done if not op.path.startswith("index")]

    def test_a_missing_sync_is_found(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ):
        for module in ("files", "write", "store"):
            monkeypatch.setattr(f"rag.index.{module}.sync", lambda _path: None)
        monkeypatch.setattr(strikes, "KINDS", (("renames", 0),))
        tally = Tally()
        strikes.cut_power_everywhere(world, folder, tally, 0)
        assert tally.broken

    def test_a_pointer_written_in_place_is_found(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ):
        def in_place(store: Store, name: str) -> None:
            (store.folder / "CURRENT").write_text(name, "utf-8")

        monkeypatch.setattr(Store, "point_to", in_place)
        tally = Tally()
        strikes.fill_everywhere(world, folder, tally, onwards=True, some=slice(-12, None))
        assert tally.broken


class TestKilled:
    def test_at_changes_of_a_build(self, apart: Executor, share: Share):
        done = apart.submit(strikes.struck, strikes.kill_everywhere, some=share(6))
        assert whole(done.result()) > share.least(60, 6)

    def test_at_changes_of_the_first_build(self, apart: Executor, share: Share):
        done = apart.submit(strikes.struck, strikes.kill_everywhere, 0, some=share(12))
        assert whole(done.result()) > share.least(60, 12)

    def test_at_every_change_of_a_rollback(self, apart: Executor):
        done = apart.submit(
            strikes.struck, strikes.kill_everywhere, changed=False, work=roll_back, newest=2
        )
        assert whole(done.result()) > 5


class TestDiskFull:
    @pytest.mark.parametrize("onwards", [False, True])
    def test_at_any_change_of_a_build(
        self, world: World, folder: Path, tally: Tally, onwards: bool, share: Share
    ):
        strikes.fill_everywhere(world, folder, tally, onwards, some=share(10))

    def test_at_every_change_of_a_rollback(self, current: World, folder: Path, tally: Tally):
        strikes.fill_everywhere(current, folder, tally, True, roll_back, newest=2)

    def test_files_that_may_not_grow(self, apart: Executor):
        sizes = [0, 100, 300, 1000, 3000]
        done = apart.submit(strikes.struck, strikes.limit_everywhere, sizes=sizes)
        assert whole(done.result()) == len(sizes)

    @pytest.mark.long
    def test_a_small_disk(self, world: World, folder: Path, tally: Tally):
        try:
            with strikes.small_disk(folder, 768 << 10) as mounted:
                assert strikes.fill_disk(world, mounted, tally, 16 << 10) > 3
        except OSError as error:
            tally.runs = 1
            pytest.skip(f"no small disk can be mounted: {error}")

    def test_attempts_leave_nothing_behind(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ):
        settings = world.copy(folder)

        def full(_store: Store, _name: str) -> None:
            strikes.fill()

        with monkeypatch.context() as patch:
            patch.setattr(Store, "point_to", full)
            for _attempt in range(4):
                with pytest.raises(StoreError, match="No space.*free some space.*rag build"):
                    build(settings, ENCODER)
                assert Store(settings.index).names() == world.names
        world.survived(settings)

    def test_the_chat_opens_with_the_index_as_it_was(self, world: World, folder: Path):
        settings, said = world.copy(folder), []
        full = watched(folder, strikes.counting(1, strikes.fill, onwards=True))
        with full, strikes.chat(settings, said) as live:
            assert live.manifest.version == world.names[-1]
        assert "No space left" in said[0] and "\n" not in said[0]


class TestDamaged:
    def test_any_file_by_any_fault(
        self, current: World, folder: Path, tally: Tally, every_fault: bool
    ):
        """Each file by some of the faults, so that each fault strikes files of every kind."""
        step = 7 if every_fault else 21
        strikes.damage_everything(
            current, folder, tally, lambda file, kind: (file + kind) % step == 0
        )
        assert tally.runs > (35 if every_fault else 9)

    def test_files_that_go_under_a_reader_that_maps_them(self, apart: Executor):
        done = apart.submit(
            strikes.struck, strikes.damage_under_reader, changed=False, faults=["removed"]
        )
        assert whole(done.result()) == strikes.PARTS

    def test_a_manifest_is_what_was_written(self, current: World, folder: Path):
        store = Store(current.copy(folder).index)
        path = store.generations / store.current() / "manifest.json"
        written = store.manifest()
        path.write_bytes(records.to_line(replace(written, issues=written.issues + 1)))
        with pytest.raises(IndexDamaged, match="manifest.json is corrupted"):
            store.manifest()

    def test_a_whole_generation_does_not_go_for_a_damaged_one(self, current: World, folder: Path):
        settings = current.copy(folder)
        store, (first, second, third) = Store(settings.index), current.names
        own = {use.id for use in store.manifest(first).segments}
        for name in (second, third):
            for use in store.manifest(name).segments:
                if use.id not in own:
                    (store.segments / use.id / "vectors.npy").write_bytes(b"")
        store.open(first)
        build(settings, ENCODER)
        assert store.names()[0] == first
        for name in store.names():
            store.open(name)

    def test_a_damaged_pointer_is_set_again(self, current: World, folder: Path):
        settings = current.copy(folder)
        pointer = settings.index / "CURRENT"
        pointer.unlink()
        with pytest.raises(IndexDamaged, match="CURRENT is missing"):
            Store(settings.index).current()
        (pointer / "in the way").mkdir(parents=True)
        assert build(settings, ENCODER).version == current.names[-1]
        assert Store(settings.index).names() == current.names


class TestModelFiles:
    def test_damaged_ones_are_made_again(self, tmp_path: Path, tally: Tally):
        with strikes_real.tiny_model(tmp_path) as (tiny, packages):
            strikes_real.damage_model(tiny, tmp_path, tally, packages)

    @pytest.mark.long
    def test_killed_at_every_change_of_unpacking(self, tmp_path: Path, tally: Tally):
        with strikes_real.tiny_model(tmp_path) as (tiny, _packages):
            strikes_real.kill_unpacking(tiny, tmp_path, tally)
        assert tally.runs > 8


class TestPowerCut:
    def test_after_any_change_of_a_build(
        self, world: World, folder: Path, tally: Tally, share: Share
    ):
        assert strikes.cut_power_everywhere(world, folder, tally, 1, some=share(10)) > 50

    def test_after_any_change_of_the_first_build(self, folder: Path, tally: Tally, share: Share):
        strikes.cut_power_everywhere(strikes.world(0), folder, tally, 0, some=share(10))

    def test_after_any_change_of_a_rollback(
        self, current: World, folder: Path, tally: Tally, share: Share
    ):
        strikes.cut_power_everywhere(current, folder, tally, 8, roll_back, newest=2, some=share(4))


class TestTwoBuilders:
    def test_the_second_is_told(self, apart: Executor, share: Share):
        done = apart.submit(strikes.struck, strikes.second_builder_everywhere, some=share(27))
        assert whole(done.result()) > share.least(54, 27)


class TestRealModels:
    @pytest.mark.long
    def test_the_command_is_killed(self, real_encoder, tmp_path: Path, tally: Tally):
        strikes_real.kill_command(real_encoder, tmp_path, tally, 1)

    def test_a_loaded_model_goes_on(
        self, real_encoder, real_settings, tmp_path: Path, tally: Tally
    ):
        strikes_real.remove_weights_in_use(real_settings, tmp_path, tally)
