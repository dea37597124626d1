"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe_machine() -> dict[str, str]:
    """Processor, cores, memory and versions, without the machine's name."""
    from importlib.metadata import version

    cpu = Path("/proc/cpuinfo")
    info = cpu.read_text() if cpu.exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", info)
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    flags = [flag for flag in wanted if re.search(rf"\b{flag}\b", info)]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ("torch", "transformers", "sentence-transformers", "faiss-cpu", "bm25s", "gradio")
    return {
        "processor": model.group(1) if model else platform.processor(),
        "cores": str(os.cpu_count()),
        "extensions": " ".join(flags),
        "memory": f"{memory:.0f} GiB",
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
