"""Questions as they are asked in a conversation, to passages: search without an answer."""

from __future__ import annotations

from collections.abc import Sequence

from rag.config import Settings
from rag.errors import QuestionError
from rag.index.snapshot import Snapshot
from rag.models.encoder import Encoder, QueryMemory
from rag.retrieve.followup import FollowUps
from rag.retrieve.retriever import Retriever
from rag.types import EVERYTHING, Filters, Hit, Manifest


class Search:
    """Finds passages in one snapshot of the index. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, settings: Settings) -> None:
        self.settings = settings
        self.snapshot = snapshot
        self.encoder = QueryMemory(encoder)
        self.retriever = Retriever(snapshot, self.encoder, settings)
        self.followups = FollowUps.open(snapshot.segmenter)

    @property
    def manifest(self) -> Manifest:
        """What the index holds."""
        return self.snapshot.manifest

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        """The `k` best passages, best first; `history` holds earlier questions.

        Raises QuestionError for an empty or overlong question.
        """
        whole = self.standalone(self.checked(question), history)
        return self.retriever.search(whole, max(1, k), filters)

    def standalone(self, question: str, history: Sequence[str]) -> str:
        """The question as it stands without its conversation."""
        longest = self.settings.question_chars
        return self.followups.standalone(question, [q for q in history if len(q) <= longest])

    def checked(self, question: str) -> str:
        """The question without white space around it. Raises QuestionError as `search` does."""
        question = question.strip()
        if not question:
            raise QuestionError("the question is empty; type one")
        limit = self.settings.question_chars
        if len(question) > limit:
            raise QuestionError(
                f"the question has {len(question)} characters; {limit} are the most, shorten it"
            )
        return question
