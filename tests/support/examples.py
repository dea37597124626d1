"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings

FEW = 10
"""Of the default number of a hundred, in a run without `--all`."""


def examples(most: int) -> settings:
    """`most` with `--all`, else a tenth of it: for tests that need another number than usual."""
    every = settings().max_examples > FEW
    return settings(max_examples=most if every else max(3, most // 10))
