"""Where the parts are put together: settings to something that can be asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import IndexMismatch, StoreError
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.live import Live
from rag.models.encoder import Encoder, SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.models.generators import OtherGenerators
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


def open_living(settings: Settings, say: Callable[[str], None]) -> tuple[Live, Upkeep]:
    """What answers from the index while it changes, and what opens and changes it.

    Nothing is opened yet: the upkeep does it when it is started, so that a page can be shown
    meanwhile. say: told in a line what was done and what went wrong.
    """
    encoder = _once(lambda progress: SentenceEncoder.open(settings, progress))
    generator = _once(lambda progress: TransformersGenerator.open(settings, progress))

    others = OtherGenerators(
        settings.offered[1:],
        lambda name: TransformersGenerator.open(settings.model_copy(update={"generator": name})),
    )

    def over(snapshot: Snapshot) -> Assistant:
        search = Search(snapshot, encoder(upkeep), settings)
        return Assistant(search, generator(upkeep), others)

    live = Live(settings, lambda before: _newest(settings, encoder(upkeep), before, say), over)
    upkeep = Upkeep(settings, encoder, live, say)
    return live, upkeep


T = TypeVar("T")


def _once(opened: Callable[[Progress], T]) -> Callable[[Progress], T]:
    """What `opened` gives, opened when it is first needed."""
    kept: list[T] = []

    def get(progress: Progress) -> T:
        if not kept:
            with progress.task("装载模型", 0):
                kept.append(opened(progress))
        return kept[0]

    return get


def _newest(
    settings: Settings, encoder: Encoder, before: Snapshot | None, say: Callable[[str], None]
) -> Snapshot:
    """The generation in use. Where none was open yet and it is damaged, the newest that is not."""
    try:
        return _load(settings, encoder, before)
    except StoreError as error:
        for name in reversed(Store(settings.index).names() if before is None else []):
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
