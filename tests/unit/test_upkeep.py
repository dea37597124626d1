"""The index is kept up with the corpus, and answers with the index, while people ask."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import NotReady, StoreError
from rag.index.build import build
from rag.index.news import compare
from rag.index.records import Source
from rag.index.store import Store
from rag.index.watch import Changes
from rag.live import Live
from rag.retrieve.search import Search
from rag.types import Answer, News
from rag.upkeep import AGAIN, SOON, Upkeep
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing

QUESTION = "银杉园区有多少家企业？"
CHANGED = Changes(new=("some.md",))
OLD, NEW = "银杉园区有41家企业。", "银杉园区有52家企业。"


def page(headline: str, *paragraphs: str) -> str:
    return f"# {headline}\n\n◎本报记者 甘棠\n\n" + "\n\n".join(paragraphs) + "\n"


class Parts:
    """A corpus, a live assistant over it and its upkeep, driven step by step."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.encoder = settings, HashEncoder()
        self.store = Store(settings.index)
        self.said: list[str] = []
        generator = ScriptedGenerator([OLD])
        self.live = Live(
            settings,
            lambda before: self.store.load(settings.cache_dir, previous=before),
            lambda snapshot: Assistant(Search(snapshot, self.encoder, settings), generator),
        )
        self.upkeep = Upkeep(
            settings, lambda _progress: self.encoder, self.live, lambda line: self.said.append(line)
        )

    def open(self) -> Parts:
        self.upkeep.step(CHANGED)
        return self

    def write(self, name: str, text: str) -> None:
        (self.settings.corpus / name).write_text(text, "utf-8")

    def headlines(self) -> set[str]:
        return {article.headline for article in self.live.articles()}


@pytest.fixture
def parts(tmp_path: Path, tiny_corpus: Path) -> Parts:
    (tiny_corpus / "y.md").write_text(page("银杉近况", OLD), "utf-8")
    return Parts(
        Settings(corpus=tiny_corpus, index=tmp_path / "index", abstain=willing(tmp_path))
    ).open()


class TestOpening:
    def test_not_ready_before(self, parts: Parts):
        shut = Parts(parts.settings)
        with pytest.raises(NotReady, match="wait a moment"):
            shut.live.ask(QUESTION)
        assert not shut.live.ready
        (opened,) = shut.open().upkeep.news
        assert (opened.added, opened.removed, opened.issues) == (0, 0, ())
        assert shut.live.ready and shut.said == []

    def test_no_corpus_and_then_one(self, tmp_path: Path):
        corpus = tmp_path / "nowhere"
        parts = Parts(Settings(corpus=corpus, index=tmp_path / "index")).open()
        assert "no corpus folder" in parts.upkeep.work.problem and not parts.live.ready
        corpus.mkdir()
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        parts.upkeep.step(CHANGED)
        assert parts.headlines() == {"水杉新闻"} and not parts.upkeep.work.problem

    def test_a_lost_corpus_leaves_the_index(self, parts: Parts):
        settings = parts.settings.model_copy(update={"corpus": parts.settings.corpus / "lost"})
        again = Parts(settings).open()
        assert "no corpus folder" in again.upkeep.work.problem
        assert again.live.ask(QUESTION).citations

    def test_the_index_is_answered_from_before_it_is_brought_up_to_date(self, parts: Parts):
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        again = Parts(parts.settings)
        again.upkeep.open()
        assert again.live.ask(QUESTION).citations
        assert "水杉新闻" not in again.headlines()
        again.open()
        assert [(n.issues, n.added) for n in again.upkeep.news] == [((), 0), (("z",), 1)]

    def test_open_without_an_index(self, tmp_path: Path, tiny_corpus: Path):
        parts = Parts(Settings(corpus=tiny_corpus, index=tmp_path / "index"))
        parts.upkeep.open()
        assert not parts.live.ready and parts.said == []


class TestNews:
    def source(self, file: str, *articles: str) -> Source:
        key = "".join(articles) or "empty"
        return Source(file, key, tuple((a, a) for a in articles), issues=1)

    def test_edited_renamed_came_and_went(self):
        before = [self.source("a", "1", "2"), self.source("b", "3"), self.source("c", "4", "5")]
        after = [self.source("a", "1", "9", "8"), self.source("z", "3"), self.source("d.md", "6")]
        news = compare(before, after, "v")
        assert (news.added, news.removed, news.changed) == (2, 2, 1)
        assert news.issues == ("d",)

    def test_nothing(self):
        same = [self.source("a", "1")]
        assert compare(same, same, "v") == News("v")


class TestStep:
    def test_nothing_changed(self, parts: Parts):
        version = parts.live.manifest.version
        parts.upkeep.step()
        assert (parts.live.manifest.version, len(parts.upkeep.news)) == (version, 1)

    def test_a_new_issue_is_answered_from(self, parts: Parts):
        before = parts.live.manifest.version
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。", "又一段。"))
        parts.upkeep.step(CHANGED)
        assert "水杉新闻" in parts.headlines()
        (_opened, news) = parts.upkeep.news
        assert (news.issues, news.added, news.removed) == (("z",), 1, 0)
        assert news.version == parts.live.manifest.version != before
        assert parts.live.ask("水杉园区有几座码头？").index_version == news.version
        assert parts.said == [f"{news.version} is in use: 1 articles came, 0 went, 0 changed"]

    def test_an_answer_is_read_from_one_index_throughout(self, parts: Parts):
        before = parts.live.manifest.version
        drafts = parts.live.stream(QUESTION)
        next(drafts)
        parts.write("y.md", page("银杉近况", NEW))
        parts.upkeep.step(CHANGED)
        *_drafts, answer = drafts
        assert isinstance(answer, Answer) and answer.index_version == before
        assert [c.quote for c in answer.citations] == [OLD]
        assert [c.quote for c in parts.live.ask(QUESTION).citations] == [NEW]
        (citation,) = answer.citations
        assert OLD in parts.live.article(citation.article_id).text
        with pytest.raises(StoreError, match="ask again"):
            parts.live.article("none")

    def test_what_another_process_built_is_taken(self, parts: Parts):
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        manifest = build(parts.settings, HashEncoder())
        parts.upkeep.step()
        assert parts.live.manifest.version == manifest.version
        parts.store.rollback()
        parts.upkeep.step()
        assert "水杉新闻" not in parts.headlines()
        assert parts.upkeep.news[-1].removed == 1

    def test_segments_are_not_opened_again(self, parts: Parts):
        opened = set(map(id, parts.live.now._snapshot.segments.values()))
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        parts.upkeep.step(CHANGED)
        assert opened <= set(map(id, parts.live.now._snapshot.segments.values()))

    def test_what_cannot_be_read_is_told_once(self, parts: Parts):
        parts.write("z.md", "")
        parts.upkeep.step(CHANGED)
        parts.write("x.md", page("水杉新闻", "水杉园区有7座码头。"))
        parts.upkeep.step(CHANGED)
        assert len([line for line in parts.said if line.startswith("skipped z.md: ")]) == 1
        assert [item.source for item in parts.live.manifest.unreadable] == ["z.md"]
        parts.write("z.md", page("冷杉新闻", "冷杉园区有3座码头。"))
        parts.upkeep.step(CHANGED)
        assert parts.live.manifest.unreadable == () and "冷杉新闻" in parts.headlines()


class TestTrouble:
    def test_an_empty_corpus_changes_nothing_and_is_tried_again(self, parts: Parts):
        headlines = parts.headlines()
        texts = {path: path.read_text("utf-8") for path in parts.settings.corpus.iterdir()}
        for path in texts:
            path.unlink()
        parts.upkeep.step(CHANGED)
        assert "nothing to index" in parts.upkeep.work.problem
        assert parts.headlines() == headlines
        for path, text in texts.items():
            path.write_text(text, "utf-8")
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        for _second in range(AGAIN - 1):
            parts.upkeep.step()
        assert parts.upkeep.work.problem and "水杉新闻" not in parts.headlines()
        parts.upkeep.step()
        assert not parts.upkeep.work.problem and "水杉新闻" in parts.headlines()
        assert sum("nothing to index" in line for line in parts.said) == 1

    def test_a_full_disk_is_told_once(self, parts: Parts, monkeypatch: pytest.MonkeyPatch):
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))

        def full(*_arguments: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("rag.index.build.write_segment", full)
            for _second in range(2 * AGAIN):
                parts.upkeep.step(Changes() if parts.said else CHANGED)
            (line,) = parts.said
            assert "No space left" in line and line == parts.upkeep.work.problem
            assert parts.live.ask(QUESTION).citations
        for _second in range(AGAIN):
            parts.upkeep.step()
        assert "水杉新闻" in parts.headlines() and not parts.upkeep.work.problem

    def test_another_build_is_waited_for(self, parts: Parts, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("rag.index.store.LOCK_SECONDS", 0)
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        with Store(parts.settings.index).lock():
            parts.upkeep.step(CHANGED)
            assert "another build is at work" in parts.upkeep.work.problem
        for _second in range(SOON):
            parts.upkeep.step()
        assert "水杉新闻" in parts.headlines() and not parts.upkeep.work.problem

    @pytest.mark.parametrize("gone", ["CURRENT", "."])
    def test_a_lost_pointer_or_index_is_made_again(self, parts: Parts, gone: str):
        path = parts.settings.index / gone
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        parts.upkeep.step()
        assert parts.store.current() and not parts.upkeep.work.problem
        assert parts.live.ask(QUESTION).citations

    def test_a_file_that_is_being_written_waits(self, parts: Parts):
        parts.write("y.md", page("银杉近况", NEW))
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        parts.write("x.md", page("冷杉新闻", "冷杉园区"))
        parts.upkeep.step(Changes(new=("z.md",), moving=frozenset({"x.md", "y.md"})))
        assert parts.headlines() >= {"水杉新闻", "银杉近况"}
        assert "冷杉新闻" not in parts.headlines()
        assert [c.quote for c in parts.live.ask(QUESTION).citations] == [OLD]
        parts.upkeep.step(CHANGED)
        assert "冷杉新闻" in parts.headlines()

    def test_a_damaged_generation_is_not_taken_and_mended(self, parts: Parts):
        before = parts.live.manifest.version
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        built = build(parts.settings, HashEncoder())
        path = parts.store.generations / built.version / "sources.jsonl"
        path.write_bytes(path.read_bytes()[:-9])
        parts.upkeep.step()
        assert "corrupted" in parts.upkeep.work.problem
        assert parts.live.ask(QUESTION).index_version == before
        for _second in range(SOON):
            parts.upkeep.step()
        assert "水杉新闻" in parts.headlines() and not parts.upkeep.work.problem

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_that_may_not_be_written(self, parts: Parts):
        parts.settings.index.chmod(0o500)
        try:
            parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
            parts.upkeep.step(CHANGED)
            assert "cannot write" in parts.upkeep.work.problem
            assert parts.live.ask(QUESTION).citations
        finally:
            parts.settings.index.chmod(0o700)


def test_people_ask_while_issues_arrive(parts: Parts, every_fault: bool):
    """No error, and every answer is wholly of the index that it names."""
    held: dict[str, set[str]] = {}

    def note() -> None:
        now = parts.live.now
        held[now.manifest.version] = {article.id for article in now.articles()}

    note()
    over = threading.Event()

    def ask() -> list[Answer]:
        answers = []
        while not over.is_set():
            answers.append(parts.live.ask(QUESTION))
        return answers

    crowd = 16 if every_fault else 4
    with ThreadPoolExecutor(crowd) as people:
        asked = [people.submit(ask) for _person in range(crowd)]
        for number in range(3):
            parts.write("y.md", page("银杉近况", f"银杉园区有{60 + number}家企业。"))
            parts.write(f"z{number}.md", page(f"水杉新闻{number}", "水杉园区有7座码头。"))
            parts.upkeep.step(CHANGED)
            note()
        over.set()
    answers = [answer for one in asked for answer in one.result()]
    assert len(held) == 4
    for answer in answers:
        cited = {c.article_id for c in answer.citations}
        assert cited and cited <= held[answer.index_version]
    assert len({answer.index_version for answer in answers}) > 1


def test_a_file_that_is_dropped_in(parts: Parts):
    """The thread itself, over a real folder."""
    told = threading.Event()
    parts.upkeep._tell = lambda _line: told.set()
    parts.upkeep.start()
    try:
        parts.write("z.md", page("水杉新闻", "水杉园区有7座码头。"))
        parts.upkeep.wake()
        assert told.wait(30)
        assert "水杉新闻" in parts.headlines()
    finally:
        parts.upkeep.close()
