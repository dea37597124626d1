"""The encoder: text to unit vectors."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.config import Settings
from rag.errors import ModelError
from rag.models.bundled import ENCODER, nowhere
from rag.models.hub import local_only
from rag.models.runtime import Runtime, first_line, prepare, well_formed
from rag.models.unpack import state, unpacked
from rag.progress import Advance, Progress, Silent

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
"""float32 [n, d], each row of unit length."""

BATCH = 16
FAMILY_PROMPTS: tuple[tuple[str, str, str], ...] = (
    ("e5-", "query: ", "passage: "),
    ("bge-small-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    ("bge-base-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    ("bge-large-zh", "为这个句子生成表示以用于检索相关文章：", ""),
)
"""Part of a model's name, and what its authors put before questions and passages; for models
whose own files do not say."""

MODEL_SUFFIXES = frozenset({".safetensors", ".bin", ".json", ".txt", ".model"})
SAMPLES, SAMPLE = 64, 1 << 16
"""How many samples of a file are hashed, and the bytes of each."""

OTHER_REMEDY = (
    "give a folder or a Hugging Face id that this machine has or can reach, or set "
    "RAG_ENCODER=bundled"
)


class Encoder(Protocol):
    """Turns questions and passages into comparable vectors (inner product = cosine)."""

    @property
    def name(self) -> str:
        """Identifies the weights: an index is only searched with the encoder that built it."""
        ...

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dimensions], unit rows."""
        ...

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """float32 [len(texts), dimensions], unit rows; `advance` is told of finished texts."""
        ...


class SentenceEncoder:
    """An `Encoder` over sentence-transformers. Threads may share one."""

    def __init__(self, model: SentenceTransformer, name: str, query: str, passage: str) -> None:
        self._model = model
        self._name = name
        self._query = query
        self._passage = passage
        # The tokenizer refuses two threads at once. Held for one batch, not for one call, so
        # that a question does not wait for an index to be built.
        self._lock = threading.Lock()
        self._dimensions = int(model.encode(["维"], convert_to_numpy=True).shape[1])

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> SentenceEncoder:
        """The encoder that `settings.encoder` names: `bundled`, a Hugging Face id or a folder.

        Raises ModelError, with the command that gets it, where it cannot be had.
        """
        runtime = prepare(settings)
        if settings.encoder != "bundled":
            name = fingerprinted(settings.encoder)
            return cls._load(settings.encoder, name, runtime, OTHER_REMEDY)
        if state(ENCODER, settings.cache_dir).where == "absent":
            return cls._open_hub(runtime)
        folder = unpacked(ENCODER, settings.cache_dir, progress or Silent())
        return cls._load(str(folder), ENCODER.id, runtime, f"delete {folder}, it is made again")

    @classmethod
    def _open_hub(cls, runtime: Runtime) -> SentenceEncoder:
        """The same model in full precision: other weights, hence another name."""
        name = f"{ENCODER.hub}@{ENCODER.revision[:8]}"
        try:
            return cls._load(ENCODER.hub, name, runtime, "", ENCODER.revision)
        except ModelError as error:
            raise nowhere(ENCODER) from error

    @classmethod
    def _load(
        cls, source: str, name: str, runtime: Runtime, remedy: str, revision: str | None = None
    ) -> SentenceEncoder:
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        options: dict[str, Any] = {"dtype": runtime.dtype}
        try:
            model = SentenceTransformer(
                source,
                device=runtime.device,
                revision=revision,
                local_files_only=local_only(source),
                model_kwargs=options,
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"encoder {source} cannot be loaded ({first_line(error)}); {remedy}"
            ) from error
        query, passage = prompts(model.prompts, source)
        return cls(model, name, query, passage)

    @property
    def name(self) -> str:
        """Bundled: model name and hash of its file; otherwise `fingerprinted`."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        return self._dimensions

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dimensions], unit rows."""
        return self._encode(texts, self._query, None)

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """float32 [len(texts), dimensions], unit rows; `advance` is told of finished texts.

        What is longer than the model reads (512 tokens, some 700 characters) is cut there.
        """
        return self._encode(texts, self._passage, advance)

    def _encode(self, texts: Sequence[str], prompt: str, advance: Advance | None) -> Vectors:
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        # Texts of like length share a batch, since a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            with self._lock:
                vectors[chosen] = self._model.encode(
                    [well_formed(texts[i]) for i in chosen],
                    prompt=prompt,
                    batch_size=BATCH,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                )
            if advance:
                advance(len(chosen))
        return _unit(vectors)


class QueryMemory:
    """An `Encoder` that keeps the vectors of the last questions: each is encoded once.

    Several that are given together are encoded in one go, in a third of the time.
    """

    def __init__(self, encoder: Encoder, most: int = 64) -> None:
        """most: how many questions are kept."""
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self._encoder, self._most = encoder, most
        self._rows: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        with self._lock:
            rows = {text: self._rows[text] for text in texts if text in self._rows}
        unknown = [text for text in dict.fromkeys(texts) if text not in rows]
        if unknown:
            rows |= zip(unknown, self._encoder.encode_queries(unknown), strict=True)
        with self._lock:
            for text in texts:
                self._rows[text] = rows[text]
                self._rows.move_to_end(text)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)
        return np.array([rows[text] for text in texts], np.float32).reshape(-1, self.dimensions)

    def encode_passages(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """See `Encoder`; not kept."""
        return self._encoder.encode_passages(texts, advance)


def prompts(own: Mapping[str, str | None], source: str) -> tuple[str, str]:
    """What goes before a question and before a passage: the model's own, else its family's."""
    query = own.get("query") or ""
    passage = own.get("passage") or own.get("document") or ""
    if query or passage:
        return query, passage
    name = Path(source).name.lower()
    family = (rest for part, *rest in FAMILY_PROMPTS if part in name)
    query, passage = next(family, ("", ""))
    return query, passage


def fingerprinted(source: str) -> str:
    """The name of a model in a local folder: `folder@hash`; a Hugging Face id as it is.

    hash: 8 hex digits of the SHA-256 over the name, length and `SAMPLES` samples, evenly
    spread, of every file of weights, settings or vocabulary. Training again changes all
    layers, so samples tell (a tenth of a second, where gigabytes would take many).
    Raises ModelError for a file that cannot be read.
    """
    folder = Path(source)
    if not folder.is_dir():
        return source
    digest = hashlib.sha256()
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.suffix in MODEL_SUFFIXES and not name.as_posix().startswith("."):
                size = path.stat().st_size
                digest.update(f"{name.as_posix()}\0{size}\0".encode("utf-8", "surrogateescape"))
                digest.update(_samples(path, size))
    except OSError as error:
        raise ModelError(
            f"encoder {source} cannot be read ({first_line(error)}); {OTHER_REMEDY}"
        ) from error
    return f"{folder.resolve().name}@{digest.hexdigest()[:8]}"


def _samples(path: Path, size: int) -> bytes:
    """All of a short file; of a longer one, bytes spread evenly over it and its last ones."""
    step = max(SAMPLE, size // SAMPLES)
    with path.open("rb") as data:
        found = bytearray()
        for start in sorted({*range(0, size, step), max(0, size - SAMPLE)}):
            data.seek(start)
            found += data.read(SAMPLE)
    return bytes(found)


def _unit(vectors: Vectors) -> Vectors:
    """Rows of length 1: bfloat16 leaves them a thousandth off."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(length, np.finfo(np.float32).tiny)
    return vectors
