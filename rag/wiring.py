"""Where the parts are put together: settings to something that can be asked."""

from __future__ import annotations

from collections.abc import Callable

from rag.answer.assistant import Assistant
from rag.config import Settings
from rag.errors import IndexDamaged, IndexMismatch
from rag.index.build import build, is_current
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.models.encoder import Encoder, SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.progress import Progress, Silent
from rag.retrieve.search import Search


def open_search(settings: Settings, progress: Progress | None = None) -> Search:
    """Search alone, for which no generator is loaded. Raises StoreError or ModelError."""
    encoder = SentenceEncoder.open(settings, progress)
    return Search(_load(settings, encoder), encoder, settings)


def open_assistant(settings: Settings, progress: Progress | None = None) -> Assistant:
    """The index as it is, and both models. Raises StoreError or ModelError."""
    progress = progress or Silent()
    search = open_search(settings, progress)
    return Assistant(search, TransformersGenerator.open(settings, progress))


def open_current(settings: Settings, progress: Progress, say: Callable[[str], None]) -> Assistant:
    """Open, after building where the corpus has changed or the index cannot be used."""
    encoder = SentenceEncoder.open(settings, progress)
    try:
        if not is_current(settings, encoder.name):
            build(settings, encoder, progress)
        snapshot = _load(settings, encoder)
    except (IndexDamaged, IndexMismatch) as error:
        say(f"{error}; building it again")
        build(settings, encoder, progress)
        snapshot = _load(settings, encoder)
    for item in snapshot.manifest.unreadable:
        say(f"skipped {item.source}: {item.reason}")
    generator = TransformersGenerator.open(settings, progress)
    return Assistant(Search(snapshot, encoder, settings), generator)


def _load(settings: Settings, encoder: Encoder) -> Snapshot:
    """The index in use. Raises StoreError, IndexMismatch for vectors of another width too."""
    snapshot = Store(settings.index).load(settings.cache_dir, encoder.name)
    if snapshot.dense.dimensions != encoder.dimensions:
        raise IndexMismatch(
            f"the index in {settings.index} holds vectors of {snapshot.dense.dimensions} numbers, "
            f"{encoder.name} makes {encoder.dimensions}; run `rag build`"
        )
    return snapshot
