"""Faults of the machine under a build: made, and what has to hold after each of them.

`World` is an index of several generations over a corpus that has changed since. A fault strikes
the next build of a copy of it; `World.survived` then holds the copy to the promises: the corpus
and earlier generations are whole, what is in use is the old index or the new one, a reader goes
on, and the next build leaves what an index built from nothing would hold.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.config import Settings
from rag.errors import RagError, StoreError
from rag.index.build import build, is_current
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.index.write import KEEP
from rag.retrieve.search import Search
from rag.types import Hit
from tests.support.fakes import HashEncoder
from tests.support.faulty_disk import Op, Tree, tree, watched, write_tree
from tests.support.samples import QUESTIONS, SENTENCES, assert_equal, page

ENCODER = HashEncoder()
TOLD = 3
"""Exit of a child whose work ended in a StoreError of one line."""
Answers = tuple[tuple[Hit, ...], ...]
Work = Callable[[Settings], object]


def build_it(settings: Settings) -> None:
    """The work that faults strike."""
    build(settings, ENCODER)


def roll_back(settings: Settings) -> None:
    """The other work that writes."""
    Store(settings.index).rollback()


def load(settings: Settings, name: str | None = None) -> Snapshot:
    """A generation, else the one in use."""
    return Store(settings.index).load(settings.cache_dir, ENCODER.name, name=name)


def answers(snapshot: Snapshot, settings: Settings) -> Answers:
    """What is found for a few questions."""
    search = Search(snapshot, ENCODER, settings)
    return tuple(tuple(search.search(question, 10)) for question in QUESTIONS)


class World:
    """folder/corpus and folder/index, never touched; `copy` makes one that is."""

    def __init__(self, folder: Path, generations: int = 3, changed: bool = True) -> None:
        """generations: how many there are; 0: no index yet. changed: the corpus is, since."""
        self.folder = folder
        corpus = folder / "corpus"
        corpus.mkdir(parents=True)
        self.settings = Settings(corpus=corpus, index=folder / "index")
        self._write("a.md", page("园区要闻", *SENTENCES[:3]))
        self._write("b.md", page("大学城近况", *SENTENCES[3:5]))
        for number in range(generations):
            self._write("c.md", page("变化", f"园区新增“云岭{number}号”企业{number}家。"))
            self._write(f"d{number}.md", page(f"第{number}期", *SENTENCES[number : number + 2]))
            build(self.settings, ENCODER)
        self.names = Store(self.settings.index).names()
        self.contents = {name: _content(self.settings, name) for name in self.names}
        self.reader = load(self.settings) if generations else None
        self.answers = {
            name: answers(load(self.settings, name), self.settings) for name in self.names
        }
        if changed:
            (corpus / "b.md").unlink()
            self._write("e.md", page("下线", SENTENCES[1], SENTENCES[5]))
        other = self.settings.model_copy(update={"index": folder / "fresh"})
        build(other, ENCODER)
        self.fresh = load(other)
        self.new_answers = answers(self.fresh, self.settings)
        shutil.rmtree(folder / "fresh")
        self.pristine = tree(folder)
        self.corpus = tree(corpus)

    def _write(self, name: str, text: str) -> None:
        (self.settings.corpus / name).write_text(text, "utf-8")

    def copy(self, folder: Path, found: Tree | None = None) -> Settings:
        """Corpus and index in another folder, or what `found` left of them."""
        shutil.rmtree(folder, ignore_errors=True)
        write_tree(self.pristine if found is None else found, folder)
        return self.settings.model_copy(
            update={"corpus": folder / "corpus", "index": folder / "index"}
        )

    def record(self, folder: Path, work: Work = build_it) -> list[Op]:
        """The changes that undisturbed work makes."""
        settings = self.copy(folder)
        with watched(folder) as done:
            work(settings)
        return done

    def survived(self, settings: Settings, newest: int = 1) -> None:
        """Raises AssertionError where a promise is broken.

        newest: how many of the generations may be in use, beside the new index.
        """
        assert tree(settings.corpus) == self.corpus, "the corpus was changed"
        if self.reader is not None:
            self._reads(settings, self.names[-newest:])
        build(settings, ENCODER)
        self.mended(settings, self.names)

    def _reads(self, settings: Settings, allowed: Sequence[str]) -> None:
        store = Store(settings.index)
        snapshot = load(settings)
        used, found = snapshot.manifest.version, answers(snapshot, settings)
        if used in self.names:
            assert used in allowed and found == self.answers[used], f"{used} answers otherwise"
        else:
            assert found == self.new_answers, f"{used} is neither the old index nor the new one"
        for name in self.names if used in self.names else self.names[1 - KEEP :]:
            store.open(name).places()
        assert answers(self.reader, settings) == self.answers[self.names[-1]], "the reader stopped"

    def mended(self, settings: Settings, usable: Sequence[str]) -> None:
        """The promises after a build that was not disturbed.

        usable: generations that could be opened before it; the newest of them are kept.
        """
        assert is_current(settings, ENCODER.name)
        assert_equal(load(settings), self.fresh, settings)
        store = Store(settings.index)
        names = store.names()
        for name in names:
            store.open(name).places()
        left = [_content(settings, name) for name in names]  # of two that are equal one may go
        lost = [name for name in usable[1 - KEEP :] if self.contents[name] not in left]
        mended = len(names) == KEEP and len(usable) < len(self.names)  # they count again
        assert not lost or mended, f"{lost} lost, {names} are left"
        segments = {use.id for name in names for use in store.manifest(name).segments}
        found = {path.name for path in store.segments.iterdir()} - segments
        found |= {path.name for path in store.generations.iterdir()} - set(names)
        found |= {path.name for path in settings.index.iterdir()}
        assert found == {"CURRENT", ".lock", "generations", "segments"}, f"left behind: {found}"
        assert tree(settings.corpus) == self.corpus, "the corpus was changed"


def _content(settings: Settings, name: str) -> object:
    manifest = Store(settings.index).manifest(name)
    return manifest.files, manifest.segments


class Tally:
    """Counts the runs of a fault, and what was broken in which of them."""

    def __init__(self) -> None:
        self.runs = 0
        self.broken: list[str] = []

    @contextmanager
    def run(self, what: object, times: int = 1) -> Iterator[None]:
        """One run, which stands for `times` faults that leave the same."""
        self.runs += times
        try:
            yield
        except (AssertionError, RagError, OSError, ValueError, LookupError) as error:
            self.broken += [f"{what}: {error!r}"] * times


def forked(work: Callable[[], object], say: Path | None = None) -> int:
    """Do it in a child that shares what is in memory; its exit status, -9 where it was killed.

    say: a file for the message where a StoreError ends it; the status is TOLD then.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        import faiss

        faiss.omp_set_num_threads(1)  # its threads did not come along
        work()
        code = 0
    except StoreError as error:
        if say is not None:
            say.write_text(str(error), "utf-8")
        code = TOLD
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        raise
    finally:
        os._exit(code)
