"""Opens the chat: `python app.py` is `rag chat`."""

from __future__ import annotations

from rag.cli import main

if __name__ == "__main__":
    main(["chat"])
