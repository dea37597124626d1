"""Files to issues, articles and passages."""

PARSER = 1
"""Raise it when the same file is read or cut differently than before: indexes are then rebuilt."""
