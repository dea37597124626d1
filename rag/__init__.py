"""A chat assistant over newspaper issues: verified answers with citations, offline."""

__version__ = "0.1.0"
