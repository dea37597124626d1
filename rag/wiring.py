"""Where the parts are put together: settings to something that can be asked."""

from __future__ import annotations

import logging
from collections.abc import Callable

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import CorpusError, IndexDamaged, IndexMismatch, StoreError
from rag.index.build import build, is_current
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.index.watch import look
from rag.live import Live
from rag.models.encoder import Encoder, SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.progress import Progress, Silent
from rag.retrieve.search import Search
from rag.upkeep import Upkeep

logger = logging.getLogger(__name__)


def open_search(settings: Settings, progress: Progress | None = None) -> Search:
    """Search alone, for which no generator is loaded. Raises StoreError or ModelError."""
    encoder = SentenceEncoder.open(settings, progress)
    return Search(_load(settings, encoder), encoder, settings)


def open_assistant(settings: Settings, progress: Progress | None = None) -> Assistant:
    """The index as it is, and both models. Raises StoreError or ModelError."""
    progress = progress or Silent()
    search = open_search(settings, progress)
    return Assistant(search, TransformersGenerator.open(settings, progress))


def open_living(
    settings: Settings, progress: Progress, say: Callable[[str], None]
) -> tuple[Live, Upkeep]:
    """What answers from the index while it changes, and what changes it (not started yet).

    The index is built first where the corpus has changed. Where that cannot be done, the newest
    one that can be used is taken. Raises CorpusError or StoreError where there is none,
    ModelError. say: told in a line what was skipped and what went wrong.
    """
    taken = look(settings.corpus)
    encoder = SentenceEncoder.open(settings, progress)
    snapshot = _current(settings, encoder, progress, say)
    for item in snapshot.manifest.unreadable:
        say(f"skipped {item.source}: {item.reason}")
    generator = TransformersGenerator.open(settings, progress)
    live = Live(
        snapshot,
        lambda snapshot: Assistant(Search(snapshot, encoder, settings), generator),
        lambda before: _load(settings, encoder, before),
    )
    return live, Upkeep(settings, encoder, live, taken)


def _current(
    settings: Settings, encoder: Encoder, progress: Progress, say: Callable[[str], None]
) -> Snapshot:
    """The index over the corpus as it is now, else the newest that there is."""
    try:
        try:
            if is_current(settings, encoder.name):
                return _load(settings, encoder)
        except (IndexDamaged, IndexMismatch) as error:
            say(f"{error}; building it again")
        build(settings, encoder, progress)
        return _load(settings, encoder)
    except (CorpusError, StoreError) as error:
        for name in reversed(Store(settings.index).names()):
            try:
                snapshot = _load(settings, encoder, name=name)
            except StoreError as unusable:
                logger.info("%s", unusable)
                continue
            say(f"{error}; answering from the index built {snapshot.manifest.built}")
            return snapshot
        raise


def _load(
    settings: Settings,
    encoder: Encoder,
    previous: Snapshot | None = None,
    name: str | None = None,
) -> Snapshot:
    """A generation, else the one in use.

    Raises StoreError, IndexMismatch for vectors of another width too.
    """
    store = Store(settings.index)
    snapshot = store.load(settings.cache_dir, encoder.name, previous, name)
    if snapshot.dense.dimensions != encoder.dimensions:
        raise IndexMismatch(
            f"the index in {settings.index} holds vectors of {snapshot.dense.dimensions} numbers, "
            f"{encoder.name} makes {encoder.dimensions}; run `rag build`"
        )
    return snapshot
