"""Which number format is faster on this CPU: measured once, then remembered.

bfloat16 halves the memory that is read for each token, but only CPUs that multiply it natively
(AVX512-BF16, AMX) gain from it; elsewhere it is emulated and slower than float32.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from pathlib import Path
from typing import Literal

from rag.config import Settings

logger = logging.getLogger(__name__)

Precision = Literal["bfloat16", "float32"]
PRECISIONS: tuple[Precision, Precision] = ("bfloat16", "float32")
FILE = "precision.json"
ROUNDS = 5
TOKENS, WIDTH, INNER = 256, 896, 4864  # a prompt through a feed-forward layer


def choose(settings: Settings, device: str) -> Precision:
    """The precision to run in: the setting, else bfloat16 on a GPU, else the faster here.

    The first call on a CPU takes about a tenth of a second and writes `precision.json` to the
    cache folder; later ones read it. Another CPU, torch or number of threads measures anew.
    """
    if settings.precision != "auto":
        return settings.precision
    if device != "cpu":
        return "bfloat16"
    path = settings.cache_dir / FILE
    known = _read(path)
    key = machine()
    if key not in known:
        known[key] = measure()
        _write(path, known)
    seconds = known[key]
    return "bfloat16" if seconds["bfloat16"] < seconds["float32"] else "float32"


def measure() -> dict[Precision, float]:
    """Seconds that one feed-forward multiplication takes: the best of five, taken in turns."""
    import torch

    best = dict.fromkeys(PRECISIONS, float("inf"))
    with torch.inference_mode():
        layers = {
            name: (
                torch.ones(TOKENS, WIDTH, dtype=getattr(torch, name)),
                torch.ones(INNER, WIDTH, dtype=getattr(torch, name)),
            )
            for name in PRECISIONS
        }
        for _ in range(ROUNDS):
            for name, (states, weights) in layers.items():
                start = time.perf_counter()
                torch.nn.functional.linear(states, weights)
                best[name] = min(best[name], time.perf_counter() - start)
    logger.info("one multiplication: %s", best)
    return best


def machine() -> str:
    """CPU, its bfloat16 instructions, torch and threads: what the figures hold for."""
    import torch

    model, flags = platform.processor() or platform.machine(), ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        first = info.read_text(errors="replace").split("\n\n")[0]
        lines = (line.partition(":") for line in first.splitlines())
        fields = {name.strip(): value.strip() for name, _, value in lines}
        model = fields.get("model name", model)
        flags = " ".join(f for f in ("avx512_bf16", "amx_bf16") if f in fields.get("flags", ""))
    return f"{model} {flags} | torch {torch.__version__} | {torch.get_num_threads()} threads"


def _read(path: Path) -> dict[str, dict[Precision, float]]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {
            key: {name: float(seconds[name]) for name in PRECISIONS}
            for key, seconds in known.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("%s cannot be read (%s); measuring anew", path, error)
        return {}


def _write(path: Path, known: dict[str, dict[Precision, float]]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known, indent=2), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:  # worth a tenth of a second at the next start, no more
        logger.warning("%s cannot be written: %s", path, error)
