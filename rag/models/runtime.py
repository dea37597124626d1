"""What the encoder and the generator share: device, threads, precision, quiet libraries."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.config import Settings
from rag.errors import ModelError
from rag.models.precision import choose

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where a model runs (`cpu` or `cuda`) and in which number format."""

    device: str
    dtype: torch.dtype


def prepare(settings: Settings) -> Runtime:
    """Set the number of threads, silence the libraries, choose device and precision.

    Call it before torch is imported where you can. Raises ModelError where `cuda` was asked for
    and is not there.
    """
    # OpenMP threads that wait keep their core busy. Where two models run at once, or another
    # program does, that made answers two to five times slower; alone it gained nothing.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if settings.threads:
        torch.set_num_threads(settings.threads)
    _quiet()
    cuda = torch.cuda.is_available()
    if settings.device == "cuda" and not cuda:
        raise ModelError("device cuda: torch finds no GPU; set RAG_DEVICE=cpu or leave it auto")
    device = "cuda" if cuda and settings.device != "cpu" else "cpu"
    precision = choose(settings, device)
    return Runtime(device, torch.bfloat16 if precision == "bfloat16" else torch.float32)


def well_formed(text: str) -> str:
    """`text` with halves of surrogate pairs, which tokenizers refuse, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def first_line(error: Exception) -> str:
    """What a library's error says, without the advice that follows."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(" .;:") if lines else type(error).__name__


def _quiet() -> None:
    """Their progress bars and hints would break into our own output."""
    # Tokenizers warns when a process forks after it used threads; we never train with it.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from huggingface_hub.utils import logging as hub_logging
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    disable_progress_bars()
