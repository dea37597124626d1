"""Faults struck at model files, and at the real command with the real encoder."""

from __future__ import annotations

import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from rag.config import Settings
from rag.errors import ModelError
from rag.index.build import build
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.models import unpack
from rag.models.bundled import ENCODER, BundledModel
from rag.models.encoder import SentenceEncoder
from rag.retrieve.search import Search
from tests.support.faulty_disk import tree, watched
from tests.support.samples import QUESTIONS, SENTENCES, page
from tests.support.strikes import FAULTS, counting, kill
from tests.support.tiny_models import TINY, convert, install
from tests.support.worlds import Tally, forked

Packages = Callable[[bool], None]
"""Called with whether the packages of a model are to be there."""


@contextmanager
def tiny_model(folder: Path) -> Iterator[tuple[BundledModel, Packages]]:
    """A small model in packages of its own, and no hub."""
    site, away = folder / "site", folder / "away"
    install(site)

    def packages(there: bool) -> None:
        if there != site.exists():
            (away if there else site).rename(site if there else away)
        importlib.invalidate_caches()

    with (
        mock.patch.object(sys, "path", [str(site), *sys.path]),
        mock.patch("rag.models.hub.local_only", lambda _source: True),
        mock.patch("rag.models.unpack.converter", lambda _model: convert),
    ):
        importlib.invalidate_caches()
        yield TINY, packages


def damage_model(model: BundledModel, folder: Path, tally: Tally, packages: Packages) -> None:
    """Every file of an unpacked model by every fault that a start can see.

    It is made again from the packages; where they are gone, one line tells what to do.
    """
    faults = [fault for fault in FAULTS if "byte" not in fault.name and fault.name != "unreadable"]
    packages(True)
    whole = tree(unpack.unpacked(model, folder / "whole"))
    for file in (name for name, data in whole.items() if data is not None):
        for number, fault in enumerate(faults):
            with tally.run((file, fault.name)):
                cache = folder / f"cache-{file.replace('/', '-')}-{number}"
                made = unpack.unpacked(model, cache)
                fault.harm(made / file)
                packages(False)
                try:
                    unpack.unpacked(model, cache)
                except ModelError as error:
                    line = str(error)
                    assert file in line and "delete" in line and "\n" not in line, line
                else:
                    raise AssertionError("damage was not seen")
                finally:
                    packages(True)
                assert tree(unpack.unpacked(model, cache)) == whole, "it was not made again"


def kill_unpacking(model: BundledModel, folder: Path, tally: Tally) -> None:
    """SIGKILL before each change of unpacking a model, until none is left."""
    whole = tree(unpack.unpacked(model, folder / "whole"))
    code, at = -signal.SIGKILL, 0
    while code == -signal.SIGKILL:
        at += 1
        with tally.run(at):
            cache = folder / f"killed-{at}"

            def struck(cache: Path = cache, at: int = at) -> None:
                with watched(cache, counting(at, kill)):
                    unpack.unpacked(model, cache)

            code = forked(struck)
            assert code in (0, -signal.SIGKILL), f"ended with {code}"
            made = unpack.unpacked(model, cache)
            assert tree(made) == whole and unpack.verify(model, cache).where == "unpacked"
            left = {path.name for path in made.parent.iterdir()}
            assert {made.name, f"{made.name}.lock"} <= left


def remove_weights_in_use(settings: Settings, folder: Path, tally: Tally) -> None:
    """All files of a copy of the encoder go while it is loaded: it goes on."""
    copy = folder / "encoder"
    shutil.copytree(unpack.folder_of(ENCODER, settings.cache_dir), copy, copy_function=_linked)
    own = settings.model_copy(update={"encoder": str(copy)})
    with tally.run("encoder"):
        encoder = SentenceEncoder.open(own)
        before = encoder.encode_queries(QUESTIONS)
        shutil.rmtree(copy)
        assert np.array_equal(encoder.encode_queries(QUESTIONS), before)
        try:
            SentenceEncoder.open(own)
        except ModelError as error:
            assert "RAG_ENCODER=bundled" in str(error) and "\n" not in str(error)
        else:
            raise AssertionError("opened without files")


def _linked(source: str, to: str) -> None:
    try:
        os.link(source, to)
    except OSError:  # on another disk
        shutil.copyfile(source, to)


def kill_command(encoder: SentenceEncoder, folder: Path, tally: Tally, runs: int) -> int:
    """SIGKILL the real `rag build` at a random time: half of them from start to end,
    half just after they began to write. Gives how many were killed before they ended.
    """
    chance, killed = random.Random(0), 0
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    settings.corpus.mkdir(parents=True)
    (settings.corpus / "a.md").write_text(page("园区要闻", *SENTENCES[:3]), "utf-8")
    build(settings, encoder)
    for number in range(runs):
        with tally.run(number):
            old = Store(settings.index).load(settings.cache_dir, encoder.name)
            before = _found(old, encoder, settings)
            text = "".join(
                f"云岭{number}区{part}号企业入驻。{SENTENCES[part % 7]}" for part in range(12)
            )
            (settings.corpus / f"n{number}.md").write_text(page(f"第{number}期", text), "utf-8")
            corpus = tree(settings.corpus)
            killed += _kill_one(settings, chance, writing=number % 2 == 0)
            assert tree(settings.corpus) == corpus, "the corpus was changed"
            now = Store(settings.index).load(settings.cache_dir, encoder.name)
            new = f"第{number}期" in {article.headline for article in now.articles}
            assert new or now.manifest == old.manifest
            assert new or _found(now, encoder, settings) == before
            assert _found(old, encoder, settings) == before, "the reader stopped"
            build(settings, encoder)
            now = Store(settings.index).load(settings.cache_dir, encoder.name)
            assert len(now.articles) == number + 2
            for name in Store(settings.index).names():
                Store(settings.index).open(name)
            assert not list(settings.index.rglob(".new-*")), "left behind"
    return killed


def _found(snapshot: Snapshot, encoder: SentenceEncoder, settings: Settings) -> list[object]:
    search = Search(snapshot, encoder, settings)
    return [[hit.passage.id for hit in search.search(question, 5)] for question in QUESTIONS]


def _kill_one(settings: Settings, chance: random.Random, writing: bool) -> bool:
    command = [sys.executable, "-c", "from rag.cli import main; main()", "build"]
    command += ["--corpus", str(settings.corpus), "--index", str(settings.index)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if writing:
        while process.poll() is None and not list(settings.index.glob("*/.new-*")):
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, 0.1))
    else:
        time.sleep(chance.uniform(0, 8))
    os.kill(process.pid, signal.SIGKILL)  # until it is waited for, the number is its own
    return process.wait() == -signal.SIGKILL
