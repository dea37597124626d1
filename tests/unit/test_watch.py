"""Changes of the corpus: looks compared without waiting, and one watch of a real folder."""

from __future__ import annotations

import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag.index.watch import AGE_NS, Changes, State, Watch, difference, look, watch


def state(size: int, when: int = 0) -> State:
    return (size, when, when, 0o644, 1)


LOOKS = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "c.md"]), st.builds(state, st.integers(0, 2))
)
LATER = 10 * AGE_NS


def test_difference():
    before = {"a.md": state(1), "b.md": state(1), "c.md": state(1)}
    after = {"b.md": state(1), "c.md": state(2), "d.md": state(9)}
    assert difference(before, after) == Changes(("d.md",), ("c.md",), ("a.md",))
    assert not difference(before, before)


class TestWatch:
    def test_a_file_that_grows_is_waited_for(self):
        watching = Watch({})
        assert not watching.step({"a.md": state(10)}, LATER)
        assert watching.waiting
        assert watching.step({"a.md": state(20)}, LATER).moving == {"a.md"}
        assert watching.step({"a.md": state(20)}, LATER) == Changes(new=("a.md",))
        assert not watching.waiting
        assert watching.step({"a.md": state(20)}, LATER) == Changes()

    def test_one_that_rests_for_a_moment_is_waited_for(self):
        watching = Watch({})
        now = {"a.md": state(10, LATER)}
        for seconds in (0, 1, 2):
            assert not watching.step(now, LATER + seconds * 1_000_000_000)
        assert watching.step(now, LATER + AGE_NS) == Changes(new=("a.md",))

    def test_a_clock_ahead_of_ours(self):
        watching = Watch({})
        now = {"a.md": state(10, 2 * LATER)}
        assert not watching.step(now, LATER)
        assert watching.step(now, LATER) == Changes(new=("a.md",))

    def test_a_file_that_grows_holds_back_no_other(self):
        watching = Watch({"log.md": state(1)})
        changes = []
        for size in range(2, 6):
            now = {"log.md": state(size), "b.md": state(1)}
            changes.append(watching.step(now, LATER))
        assert [c.new for c in changes] == [(), ("b.md",), (), ()]
        assert changes[1] == Changes(new=("b.md",), moving=frozenset({"log.md"}))
        assert watching.waiting

    def test_what_comes_and_goes_is_nothing(self):
        watching = Watch({"a.md": state(1)})
        assert not watching.step({}, LATER)
        assert watching.step({"a.md": state(1)}, LATER) == Changes()
        assert not watching.waiting

    def test_removed(self):
        watching = Watch({"a.md": state(1)})
        assert not watching.step({}, LATER)
        assert watching.step({}, LATER) == Changes(removed=("a.md",))

    @given(st.lists(LOOKS, min_size=1))
    def test_the_changes_add_up_to_the_last_still_look(self, looks: list[dict]):
        """Whatever comes between, once the folder lies still all of it has been told."""
        watching, files = Watch(looks[0]), set(looks[0])
        for now in [*looks, looks[-1], looks[-1]]:
            changes = watching.step(now, LATER)
            assert not set(changes.new) & files and set(changes.removed) <= files
            files = (files | set(changes.new)) - set(changes.removed)
        assert files == set(looks[-1])
        assert not watching.waiting


def test_look(tmp_path: Path):
    (tmp_path / "a.md").write_text("# 题\n\n正文。\n", "utf-8")
    (tmp_path / ".hidden.md").write_text("x")
    (tmp_path / "notes.bak").write_text("x")
    assert {name: facts[0] for name, facts in look(tmp_path).items()}["a.md"] > 0
    assert ".hidden.md" not in look(tmp_path)
    assert look(tmp_path / "nowhere") == {}


def test_a_real_folder(tmp_path: Path):
    """Files that were there before count as changes against an older look: nothing is missed."""
    (tmp_path / "a.md").write_text("# 题\n\n正文。\n", "utf-8")
    stop = threading.Event()
    told = watch(tmp_path, stop, taken={})

    def write() -> None:
        (tmp_path / "b.md").write_text("# 二\n\n正文。\n", "utf-8")
        (tmp_path / "a.md").touch()  # both are as old, and so are told at one look

    writer = threading.Timer(0.2, write)
    writer.start()
    try:
        assert next(filter(None, told)) == Changes(new=("a.md", "b.md"))
    finally:
        stop.set()
        writer.join()
    assert not any(told)
