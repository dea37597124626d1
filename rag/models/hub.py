"""The model hub, where it can be reached: the product works without."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from pathlib import Path

from rag.models.bundled import BundledModel, nowhere

logger = logging.getLogger(__name__)

PROBE_SECONDS = 3.0


def local_only(source: str) -> bool:
    """Whether to load `source`, a folder or a Hugging Face id, from this disk alone.

    True for a folder, under `HF_HUB_OFFLINE`, and where one request finds the hub out of reach:
    its own client would try again for a minute before it looked into its cache.
    """
    from huggingface_hub import constants

    if Path(source).is_dir() or constants.HF_HUB_OFFLINE:
        return True
    probe = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        with urllib.request.urlopen(probe, timeout=PROBE_SECONDS):
            return False
    except urllib.error.HTTPError:  # an answer, whatever it says
        return False
    except OSError as error:
        logger.info("%s cannot be reached: %s", constants.ENDPOINT, error)
        return True


def hub_parts(model: BundledModel) -> tuple[Path, ...]:
    """The model's file from the hub, or from what was downloaded before, at the pinned revision.

    Raises ModelError with the command that needs no hub.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # httpx's

    try:
        file = hf_hub_download(
            model.hub,
            model.hub_file,
            revision=model.revision,
            local_files_only=local_only(model.hub),
        )
    except (OSError, HTTPError) as error:
        logger.info("%s cannot be had from the hub: %s", model.hub, error)
        raise nowhere(model) from error
    return (Path(file),)
