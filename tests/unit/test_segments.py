"""Generations and their segments: built step by step, damaged, mended, rolled back."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.errors import IndexDamaged, IndexMismatch, IndexMissing, StoreError
from rag.index.build import build, dry_run, is_current
from rag.index.compact import MOST_SEGMENTS, to_merge
from rag.index.compare import FileChanges
from rag.index.show import show_status, status
from rag.index.store import Store
from rag.ingest.readers import read_issues
from rag.models.encoder import Vectors
from rag.progress import Advance
from rag.retrieve.search import Search
from tests.support.examples import examples
from tests.support.fakes import HashEncoder
from tests.support.samples import (
    SENTENCES,
    STEP,
    apply,
    assert_equal,
    load,
    page,
    write,
    zipped,
)


class Counting(HashEncoder):
    """Keeps what it is given to embed."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        self.seen += texts
        return super().encode_passages(texts, advance)


@pytest.fixture
def settings(tmp_path: Path, tiny_corpus: Path) -> Settings:
    return Settings(corpus=tiny_corpus, index=tmp_path / "index")


class TestIncremental:
    @examples(25)
    @given(st.lists(st.lists(STEP, min_size=1, max_size=4), min_size=2, max_size=6))
    def test_equals_an_index_built_from_nothing(self, builds: list[list[tuple[str, str, str]]]):
        with tempfile.TemporaryDirectory() as folder:
            corpus = Path(folder) / "corpus"
            corpus.mkdir()
            settings = Settings(corpus=corpus, index=Path(folder) / "index", passage_chars=50)
            (corpus / "z.md").write_text(page("始终在", "园区企业获得贷款。"), "utf-8")
            for steps in builds:
                for step in steps:
                    apply(corpus, step)
                build(settings, HashEncoder())
                assert is_current(settings, HashEncoder.name)
            other = settings.model_copy(update={"index": Path(folder) / "other"})
            build(other, HashEncoder())
            assert_equal(load(settings), load(other), settings)

    def test_only_what_is_new_is_embedded(self, settings: Settings):
        encoder = Counting()
        build(settings, encoder)
        first = len(encoder.seen)
        assert first == len(set(encoder.seen))
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        build(settings, encoder)
        assert [text.splitlines()[0] for text in encoder.seen[first:]] == ["新的一版"]

    def test_an_archive_brings_all_its_issues(self, settings: Settings):
        path = settings.corpus / "e.zip"
        pages = {"2024-07-01-f.md": page("夏季", SENTENCES[0]), "g.md": page("无期", SENTENCES[1])}
        path.write_bytes(zipped({**pages, "h.exe": "x"}))
        before = len(Store(settings.index).names())
        manifest = build(settings, HashEncoder())
        assert manifest.issues == 4
        assert [(u.source, "h.exe" in u.source) for u in manifest.unreadable] == [
            ("e.zip/h.exe", True)
        ]
        assert {"夏季", "无期"} <= {a.headline for a in load(settings).articles}
        assert build(settings, HashEncoder()).version == manifest.version
        assert len(Store(settings.index).names()) == before + 1
        path.unlink()
        manifest = build(settings, HashEncoder())
        assert (manifest.issues, manifest.unreadable) == (2, ())

    def test_a_renamed_file_is_not_embedded_again(self, settings: Settings):
        build(settings, Counting())
        (settings.corpus / "2024-05-01-a.md").rename(settings.corpus / "z-2024-05-01-a.md")
        encoder = Counting()
        build(settings, encoder)
        assert encoder.seen == []
        assert [a.issue_id for a in load(settings).articles] == ["2024-06-01-b", "z-2024-05-01-a"]

    def test_an_unchanged_file_is_not_read_again(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        build(settings, HashEncoder())
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        read: list[str] = []

        def reading(path: Path, corpus: Path):
            read.append(path.name)
            return read_issues(path, corpus)

        monkeypatch.setattr("rag.index.compare.read_issues", reading)
        build(settings, HashEncoder())
        assert read == ["c.md"]

    def test_a_term_that_arrives_and_leaves_changes_the_cut_of_old_texts(self, settings: Settings):
        write(settings, "old.md", page("旧闻", "岭上一号今年下线三百台。", "另一段没有它。"))
        build(settings, HashEncoder())
        assert load(settings).sparse.document_frequency("岭上一号") == 0
        write(settings, "new.md", page("新闻", "园区引进“岭上一号”。"))
        plan = dry_run(settings, HashEncoder())
        assert {p.context.split("\n")[0] for p in plan.to_cut.values()} == {"旧闻", "新闻"}
        assert [p.context for p in plan.to_embed.values()] == ["新闻"]
        build(settings, HashEncoder())
        assert load(settings).sparse.document_frequency("岭上一号") == 2
        (settings.corpus / "new.md").unlink()
        build(settings, HashEncoder())
        assert load(settings).sparse.document_frequency("岭上一号") == 0

    def test_a_cut_of_a_removed_row_is_not_taken_over(self, settings: Settings):
        """Removed rows are not cut again when terms change, so their tokens may be stale."""
        for number in range(20):  # or the first segment would be written anew
            write(settings, f"n{number:02}.md", page(f"第{number}期", f"园区新增企业{number}家。"))
        write(settings, "old.md", page("旧闻", "岭上一号今年下线三百台。"))
        build(settings, HashEncoder())
        write(settings, "new.md", page("新闻", "园区引进“岭上一号”。"))
        build(settings, HashEncoder())
        (settings.corpus / "old.md").unlink()
        build(settings, HashEncoder())
        write(settings, "again.md", page("旧闻", "岭上一号今年下线三百台。"))
        encoder = Counting()
        build(settings, encoder)
        assert encoder.seen == []
        assert load(settings).sparse.document_frequency("岭上一号") == 2

    def test_of_two_files_with_one_article_either_may_go(self, settings: Settings):
        text = page("同一篇", "园区企业获得贷款18亿元。")
        for date, name in (("2024-01-01", "same.md"), ("2024-02-02", "same.txt")):
            write(settings, name, f"---\ndate: {date}\n---\n{text}")
        build(settings, HashEncoder())
        assert [str(a.date) for a in load(settings).articles][-1] == "2024-01-01"
        (settings.corpus / "same.md").unlink()
        build(settings, HashEncoder())
        assert [str(a.date) for a in load(settings).articles][-1] == "2024-02-02"

    def test_passages_of_another_length_are_cut_anew(self, settings: Settings):
        write(settings, "c.md", page("长文", "".join(SENTENCES)))
        before = build(settings, HashEncoder()).passages
        short = settings.model_copy(update={"passage_chars": 50})
        assert build(short, HashEncoder()).passages > before
        assert is_current(short, HashEncoder.name) and not is_current(settings, HashEncoder.name)

    def test_another_parser_reads_every_file_again(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        first = build(settings, HashEncoder())
        for module in ("build", "plan"):
            monkeypatch.setattr(f"rag.index.{module}.PARSER", 99)
        assert not is_current(settings, HashEncoder.name)
        encoder = Counting()
        second = build(settings, encoder)
        assert second.version != first.version and second.parser == 99
        assert encoder.seen == []

    def test_another_encoder_embeds_all(self, settings: Settings):
        class Other(Counting):
            name = "other-encoder"

        build(settings, HashEncoder())
        encoder = Other()
        assert len(encoder.seen) < build(settings, encoder).passages == len(encoder.seen)


def test_file_changes():
    before = {"a": "1", "b": "2", "c": "3", "e": "5", "u": ""}
    now = {"a": "1", "b": "9", "d": "3", "f": "7", "v": ""}
    assert FileChanges.between(before, now) == FileChanges(
        new=("f", "v"), changed=("b",), removed=("e", "u"), renamed=(("c", "d"),), unchanged=("a",)
    )


class TestCompaction:
    def test_many_small_builds_leave_few_segments(self, settings: Settings):
        for number in range(20):
            write(settings, f"n{number:02}.md", page(f"第{number}期", f"园区新增企业{number}家。"))
            manifest = build(settings, HashEncoder())
            assert len(manifest.segments) <= MOST_SEGMENTS
        encoder = Counting()
        other = settings.model_copy(update={"index": settings.index.with_name("other")})
        build(other, encoder)
        assert_equal(load(settings), load(other), settings)

    def test_removed_rows_are_left_behind(self, settings: Settings):
        for number in range(10):
            write(settings, f"n{number:02}.md", page(f"第{number}期", f"园区新增企业{number}家。"))
        build(settings, HashEncoder())
        for number in range(10):
            (settings.corpus / f"n{number:02}.md").unlink()
            manifest = build(settings, HashEncoder())
            held = sum(
                len(s.part.passage_lines)
                for s in Store(settings.index).open(manifest.version).segments
            )
            assert held - manifest.passages <= held / 4
        assert len(manifest.segments) == 1

    def test_large_segments_are_left_alone(self):
        small = [(10, 10)] * 7
        assert to_merge([(5000, 5000), *small], 3) == {1, 2, 3, 4, 5, 6, 7}
        assert to_merge([(5000, 5000), *small[:-1]], 3) == set()

    @given(st.lists(st.integers(1, 40), min_size=1, max_size=300))
    def test_a_passage_is_copied_a_few_times(self, arrivals: list[int]):
        segments: list[tuple[int, int]] = []
        copied = 0
        for arriving in arrivals:
            merged = to_merge(segments, arriving)
            size = arriving + sum(segments[i][0] for i in merged)
            copied += size - arriving
            segments = [s for i, s in enumerate(segments) if i not in merged] + [(size, size)]
            assert len(segments) <= MOST_SEGMENTS
        assert copied <= 12 * sum(arrivals)


class TestGenerations:
    def test_a_second_build_changes_nothing(self, settings: Settings):
        assert build(settings, HashEncoder()) == build(settings, HashEncoder())
        assert len(Store(settings.index).names()) == 1

    def test_full_embeds_everything_again(self, settings: Settings):
        first, encoder = build(settings, HashEncoder()), Counting()
        second = build(settings, encoder, full=True)
        assert second.version != first.version
        assert len(encoder.seen) == second.passages
        assert [u.id for u in second.segments] == [u.id for u in first.segments]

    def test_three_are_kept_and_their_segments(self, settings: Settings):
        versions = []
        for number in range(5):
            write(settings, "c.md", page("变化", f"园区新增企业{number}家。"))
            versions.append(build(settings, HashEncoder()).version)
        store = Store(settings.index)
        assert (store.names(), store.current()) == (versions[2:], versions[-1])
        used = {use.id for name in store.names() for use in store.manifest(name).segments}
        assert {path.name for path in store.segments.iterdir()} == used
        for name in store.names():
            store.open(name)

    def test_an_old_snapshot_answers_after_its_files_are_gone(self, settings: Settings):
        build(settings, HashEncoder())
        old = load(settings)
        before = Search(old, HashEncoder(), settings).search("园区", 5)
        shutil.rmtree(settings.index)
        assert Search(old, HashEncoder(), settings).search("园区", 5) == before

    def test_memory_mapped_files_say_the_same(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        build(settings, HashEncoder())
        plain = load(settings)
        monkeypatch.setattr("rag.index.files.MAP_FROM", 1)
        mapped = load(settings)
        assert isinstance(next(iter(mapped.segments.values())).part.vectors, np.memmap)
        assert_equal(mapped, plain, settings)
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        assert build(settings, HashEncoder()).passages == 4

    def test_segments_are_opened_once(self, settings: Settings):
        build(settings, HashEncoder())
        first = load(settings)
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        build(settings, HashEncoder())
        second = Store(settings.index).load(settings.cache_dir, previous=first)
        shared = first.segments.keys() & second.segments.keys()
        assert shared and all(first.segments[i] is second.segments[i] for i in shared)

    def test_rollback_until_the_next_build(self, settings: Settings):
        store, encoder = Store(settings.index), HashEncoder()
        first = build(settings, encoder)
        with pytest.raises(StoreError, match="no generation to go back to"):
            store.rollback()
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        second = build(settings, encoder)
        assert store.rollback() == first
        assert store.current() == first.version and not is_current(settings, encoder.name)
        third = build(settings, encoder)
        assert third.passages == second.passages and is_current(settings, encoder.name)
        assert store.names() == [first.version, second.version, third.version]

    def test_rollback_passes_over_what_is_damaged(self, settings: Settings):
        versions = []
        for number in range(3):
            write(settings, "c.md", page("变化", f"园区新增企业{number}家。"))
            versions.append(build(settings, HashEncoder()).version)
        store = Store(settings.index)
        (store.generations / versions[1] / "terms.txt").unlink()
        assert store.rollback().version == versions[0]

    def test_dry_run_writes_nothing(self, settings: Settings):
        plan = dry_run(settings, HashEncoder())
        assert (len(plan.files.new), len(plan.to_embed)) == (2, plan.passages)
        assert not settings.index.exists()

    def test_a_segment_of_the_same_content_is_shared(self, settings: Settings):
        build(settings, HashEncoder())
        text = page("来了又走", "园区新增企业1家。")
        write(settings, "c.md", text)
        build(settings, HashEncoder())
        (settings.corpus / "c.md").unlink()
        build(settings, HashEncoder())
        before = set(Store(settings.index).segments.iterdir())
        write(settings, "c.md", text)
        build(settings, HashEncoder())
        assert set(Store(settings.index).segments.iterdir()) == before


class TestLock:
    def test_a_second_builder_is_told_to_wait(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("rag.index.store.LOCK_SECONDS", 0.1)
        told = pytest.raises(StoreError, match="another build.*wait")
        with Store(settings.index).lock(), told:
            build(settings, HashEncoder())
        build(settings, HashEncoder())

    def test_a_dead_builder_leaves_no_lock(self, settings: Settings):
        code = (
            "import os, signal; from pathlib import Path; from rag.index.store import Store\n"
            f"with Store(Path({str(settings.index)!r})).lock():\n"
            "    os.kill(os.getpid(), signal.SIGKILL)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
        build(settings, HashEncoder())


FILES = ["manifest.json", "sources.jsonl", "terms.txt"]
PARTS = ["articles.jsonl", "passages.jsonl", "bounds.npy", "article_keys.npy", "passage_keys.npy"]
PARTS += ["vectors.npy", "vocabulary.json", "indptr.npy", "rows.npy", "counts.npy", "lengths.npy"]
PARTS += ["files.json", "heads.jsonl"]


def harm(path: Path, fault: str) -> None:
    data = path.read_bytes()
    if fault == "remove":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if fault == "cut" else b"\xff" + data[1:])


class TestDamage:
    def test_every_file_is_tried(self, settings: Settings):
        manifest = build(settings, HashEncoder())
        store = Store(settings.index)
        assert {p.name for p in (store.generations / manifest.version).iterdir()} == set(FILES)
        assert {p.name for p in next(store.segments.iterdir()).iterdir()} == set(PARTS)

    @pytest.mark.parametrize("name", FILES + PARTS)
    @pytest.mark.parametrize("fault", ["cut", "flip", "remove"])
    def test_damaged_file_is_named_and_mended(self, settings: Settings, name: str, fault: str):
        intact = build(settings, HashEncoder()).version
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        version = build(settings, HashEncoder()).version
        store = Store(settings.index)
        use = store.manifest().segments[-1]
        folder = store.generations / version if name in FILES else store.segments / use.id
        harm(folder / name, fault)
        with pytest.raises(IndexDamaged, match="rag build") as caught:
            load(settings)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
        encoder = Counting()
        mended = build(settings, encoder)
        assert mended.version != version and len(encoder.seen) == 1
        assert len(load(settings).passages) == mended.passages == 4
        store.open(intact)

    def test_any_byte_of_a_manifest(self, settings: Settings):
        version = build(settings, HashEncoder()).version
        (settings.corpus / "2024-05-01-a.md").unlink()
        version = build(settings, HashEncoder()).version
        whole = list(load(settings).passages)
        path = settings.index / "generations" / version / "manifest.json"
        data = path.read_bytes()
        refused = 0
        for at in range(0, len(data), 7):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            try:
                found = list(load(settings).passages)
            except StoreError:
                refused += 1
            else:
                assert found == whole
        assert refused > len(data) / 14

    def test_of_a_lost_segment_only_its_articles_are_read_again(self, settings: Settings):
        build(settings, HashEncoder())
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        build(settings, HashEncoder())
        store = Store(settings.index)
        shutil.rmtree(store.segments / store.manifest().segments[-1].id)
        encoder = Counting()
        assert build(settings, encoder).passages == 4 and len(encoder.seen) == 1
        assert len(load(settings).passages) == 4

    @pytest.mark.parametrize("pointer", ["", "nowhere", "../..", "\xff"])
    def test_damaged_pointer(self, settings: Settings, pointer: str):
        build(settings, HashEncoder())
        (settings.index / "CURRENT").write_bytes(pointer.encode("latin-1"))
        with pytest.raises(IndexDamaged, match="rag build"):
            Store(settings.index).current()
        encoder = Counting()
        build(settings, encoder)
        assert encoder.seen == [] and len(load(settings).passages) == 3

    def test_another_format_is_refused_and_replaced(self, settings: Settings):
        old = build(settings, HashEncoder()).version
        path = settings.index / "generations" / old / "manifest.json"
        row = json.loads(path.read_text("utf-8"))
        del row["format"]
        path.write_text(json.dumps({**row, "sources": {}}), "utf-8")
        (path.parent / "vectors.faiss").write_bytes(b"of an older version")
        with pytest.raises(IndexMismatch, match="format 0.*rag build"):
            load(settings)
        assert not is_current(settings, HashEncoder.name)
        new = build(settings, HashEncoder()).version
        assert Store(settings.index).names() == [new]

    def test_an_index_that_finds_nothing_is_not_put_in_use(self, settings: Settings):
        class Blank(HashEncoder):
            def encode_passages(self, texts, advance=None):
                return np.zeros((len(texts), self.dimensions), np.float32)

        version = build(settings, HashEncoder()).version
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        with pytest.raises(StoreError, match="does not find"):
            build(settings, Blank())
        store = Store(settings.index)
        assert store.names() == [version] and len(list(store.segments.iterdir())) == 1
        assert len(load(settings).passages) == 3

    def test_a_disk_that_fails_at_any_step(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        build(settings, HashEncoder())
        write(settings, "c.md", page("新的一版", "岭上一号今年下线三百台。"))
        left = 0

        def failing(real):
            def call(*arguments, **options):
                nonlocal left
                left -= 1
                if left == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return real(*arguments, **options)

            return call

        for step in range(1, 200):
            left = step
            with monkeypatch.context() as patch:
                patch.setattr("os.fsync", failing(os.fsync))
                patch.setattr(Path, "rename", failing(Path.rename))
                patch.setattr(Path, "replace", failing(Path.replace))
                patch.setattr(np, "save", failing(np.save))
                try:
                    build(settings, HashEncoder())
                except StoreError as error:
                    assert "No space" in str(error)
                else:
                    break
            assert len(load(settings).passages) in (3, 4)
            assert not list(settings.index.glob("*/.new-*"))
        assert step > 20
        assert build(settings, HashEncoder()).passages == len(load(settings).passages) == 4

    def test_what_a_killed_build_left_is_removed(self, settings: Settings):
        build(settings, HashEncoder())
        store = Store(settings.index)
        for folder in (
            store.segments / ".new-1",
            store.segments / "orphan",
            store.generations / ".new-1",
        ):
            folder.mkdir()
        build(settings, HashEncoder())
        assert len(list(store.segments.iterdir())) == len(list(store.generations.iterdir())) == 1


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("?\n")])
def test_status_and_rollback_without_a_pointer(settings: Settings, spoil: Callable[[Path], object]):
    build(settings, HashEncoder())
    write(settings, "c.md", page("岭上", SENTENCES[1]))
    manifest = build(settings, HashEncoder())
    store = Store(settings.index)
    spoil(settings.index / "CURRENT")
    facts = status(store)
    assert "rag build" in facts["problem"]
    assert [g["in_use"] for g in facts["generations"]] == [False, False]
    assert any(manifest.version in line for line in show_status(facts))
    assert store.rollback().version == manifest.version
    assert status(store)["problem"] == ""


def test_status_without_an_index(tmp_path: Path):
    with pytest.raises(IndexMissing):
        status(Store(tmp_path / "nowhere"))
