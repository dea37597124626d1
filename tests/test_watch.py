"""Changes of the corpus: looks compared without waiting, and one watch of a real folder."""

from __future__ import annotations

import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag.index.watch import Changes, Watch, difference, look, watch

LOOKS = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "c.md"]), st.tuples(st.integers(0, 2), st.integers(0, 2))
)


def test_difference():
    before = {"a.md": (1, 1), "b.md": (1, 1), "c.md": (1, 1)}
    after = {"b.md": (1, 1), "c.md": (2, 1), "d.md": (9, 9)}
    assert difference(before, after) == Changes(("d.md",), ("c.md",), ("a.md",))
    assert not difference(before, before)


class TestWatch:
    def test_a_file_that_grows_is_waited_for(self):
        watching = Watch({})
        assert watching.step({"a.md": (10, 1)}) is None
        assert watching.waiting
        assert watching.step({"a.md": (20, 2)}) is None
        assert watching.step({"a.md": (20, 2)}) == Changes(new=("a.md",))
        assert not watching.waiting
        assert watching.step({"a.md": (20, 2)}) is None

    def test_what_comes_and_goes_is_nothing(self):
        watching = Watch({"a.md": (1, 1)})
        assert watching.step({}) is None
        assert watching.step({"a.md": (1, 1)}) is None
        assert not watching.waiting

    def test_several_at_once(self):
        watching = Watch({"a.md": (1, 1)})
        now = {"a.md": (1, 2), "b.md": (1, 1)}
        assert watching.step(now) is None
        assert watching.step(now) == Changes(("b.md",), ("a.md",))

    @given(st.lists(LOOKS, min_size=1))
    def test_the_changes_add_up_to_the_last_still_look(self, looks: list[dict]):
        """Whatever comes between, once the folder lies still all of it has been told."""
        watching, files = Watch(looks[0]), set(looks[0])
        for now in [*looks, looks[-1], looks[-1]]:
            changes = watching.step(now)
            if changes:
                assert not set(changes.new) & files and set(changes.removed) <= files
                files = (files | set(changes.new)) - set(changes.removed)
        assert files == set(looks[-1])


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
    writer = threading.Timer(0.2, (tmp_path / "b.md").write_text, ["# 二\n\n正文。\n", "utf-8"])
    writer.start()
    try:
        assert next(filter(None, told)) == Changes(new=("a.md", "b.md"))
    finally:
        stop.set()
        writer.join()
    assert not any(told)
