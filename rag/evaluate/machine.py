"""What the figures were measured on."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from functools import cache
from pathlib import Path

PACKAGES = (
    "report-rag",
    "torch",
    "transformers",
    "sentence-transformers",
    "faiss-cpu",
    "jieba",
    "gradio",
)


def describe_machine() -> dict[str, str]:
    """`hardware` and `versions` in one."""
    return hardware() | versions()


def hardware() -> dict[str, str]:
    """Processor, cores, instruction sets and memory, without the machine's name."""
    cpu = Path("/proc/cpuinfo")
    info = cpu.read_text() if cpu.exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", info)
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    flags = [flag for flag in wanted if re.search(rf"\b{flag}\b", info)]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model.group(1) if model else platform.processor(),
        "cores": str(os.cpu_count()),
        "extensions": " ".join(flags),
        "memory": f"{memory:.0f} GiB",
    }


def versions() -> dict[str, str]:
    """Of Python, of this program and of the libraries that its answers depend on.

    `code` is the `code_hash` of the program, which changes more often than its version.
    """
    from importlib.metadata import version

    found = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found, "code": _own_code()}


def code_hash(package: Path) -> str:
    """SHA-256, in hex, of the names and bytes of all .py and .json files of a package."""
    digest = hashlib.sha256()
    files = (path for path in package.rglob("*") if path.suffix in (".py", ".json"))
    for path in sorted(files):
        name, data = path.relative_to(package).as_posix(), path.read_bytes()
        digest.update(f"{name}\n{len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


@cache
def _own_code() -> str:
    # Once: what changes on disk afterwards is not what runs.
    return code_hash(Path(__file__).parent.parent)
