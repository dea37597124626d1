"""Where things lie."""

from pathlib import Path

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
SHARED = ROOT.parent / "shared"
"""The real page and public questions, where they are at hand."""
