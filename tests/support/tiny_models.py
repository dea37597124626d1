"""A bundled model of a few bytes, installed and converted as the real ones are."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from rag.models.bundled import BundledModel
from rag.progress import Progress

PARTS = (b"first part, " * 1000, b"second part")
WHOLE = b"".join(PARTS)
PACKAGES = ("tiny-weights-part1", "tiny-weights-part2")
TINY = BundledModel(
    name="tiny",
    title="Tiny",
    kind="generator",
    packages=PACKAGES,
    part="data/part{n:02d}.bin",
    size=len(WHOLE),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    unpacked=2 * len(WHOLE),
    extra="bundled",
    hub="nobody/tiny",
    revision="0" * 40,
    hub_file="tiny.bin",
    licence="MIT",
)


def install(site: Path) -> None:
    """What pip would leave of TINY's packages, with code that must never run."""
    for number, (package, data) in enumerate(zip(PACKAGES, PARTS, strict=True), start=1):
        module = package.replace("-", "_")
        part = site / module / "data" / f"part{number:02d}.bin"
        part.parent.mkdir(parents=True)
        part.write_bytes(data)
        (site / module / "__init__.py").write_text("raise SystemExit('package code was run')")
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        record = f"{part.relative_to(site).as_posix()},sha256={digest},{len(data)}\n"
        (info / "RECORD").write_text(record)


def convert(source: Path, folder: Path, progress: Progress) -> None:
    """A converter that takes no time: the bytes backwards, and a file in a subfolder."""
    (folder / "weights.bin").write_bytes(source.read_bytes()[::-1])
    (folder / "sub").mkdir()
    (folder / "sub" / "config.json").write_text("{}")
