"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
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
    """Processor, cores and memory, without the machine's name, and the versions in use."""
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
        **versions(),
    }


def versions() -> dict[str, str]:
    """Of Python, of this program and of the libraries that its answers depend on."""
    from importlib.metadata import version

    found = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}
