"""Everything that can go wrong and is not a bug.

    RagError
    ├── ConfigError        a setting that cannot be used
    ├── CorpusError        a folder or a file of the corpus
    │   └── UnreadableFile one file: empty, damaged, encrypted, too large, unknown form
    ├── ModelError         weights that are missing, altered or cannot be loaded
    ├── StoreError         the index on disk
    │   ├── IndexMissing   nothing was built yet
    │   ├── IndexDamaged   half-written or corrupted
    │   ├── IndexMismatch  built with another encoder or by another version
    │   ├── StoreBusy      another build is at work
    │   └── NotReady       still being opened
    ├── QuestionError      an empty or an overlong question, a bad batch line
    └── ServerError        the chat's address

A message is one line. It names the thing and, after a semicolon or a full stop, the remedy.
The command line prints it and exits with 2; the chat shows it as a notice.
"""

from __future__ import annotations

from pathlib import Path


class RagError(Exception):
    """The root: catch this to catch all of the above."""


class ConfigError(RagError):
    """A setting that cannot be used."""


class CorpusError(RagError):
    """A folder or a file of the corpus."""


class UnreadableFile(CorpusError):
    """One file that cannot be read; the rest of the corpus can."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class ModelError(RagError):
    """Weights that are missing, altered or cannot be loaded."""


class StoreError(RagError):
    """The index on disk."""


class IndexMissing(StoreError):
    """Nothing was built yet."""


class IndexDamaged(StoreError):
    """A generation that is half-written or corrupted."""


class IndexMismatch(StoreError):
    """An index built with another encoder, or by another version of this program."""


class StoreBusy(StoreError):
    """Another build is at work."""


class NotReady(StoreError):
    """What answers is still being opened."""


class QuestionError(RagError):
    """An empty or an overlong question, or a bad line of a batch."""


class ServerError(RagError):
    """The chat cannot listen where it was told to."""
