"""What one open page remembers: its questions, and how far each has come.

A `Conversation` lives in the session's state on the server. Handlers change it and draw it
afresh each time, so that an event which arrives late can only draw what is true now.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

from rag.types import EVERYTHING, Answer, Draft, Filters

Status = Literal["waiting", "running", "answered", "stopped", "failed"]
Step = Literal["retrieve", "read", "check"]


@dataclass(slots=True)
class Turn:
    """One question and what became of it.

    number: counts from 1 within the conversation. text: the sentences checked so far.
    problem: one line that says what went wrong, where `failed`. filters: what it was asked
    under. ahead: how many questions are answered before it, while `waiting`.
    """

    number: int
    question: str
    filters: Filters = EVERYTHING
    status: Status = "waiting"
    step: Step = "retrieve"
    text: str = ""
    answer: Answer | None = None
    problem: str = ""
    ahead: int = 0
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("answered", "stopped", "failed")

    def begin(self) -> None:
        """Leave the line: the generator is free."""
        if not self.over:
            self.status = "running"

    def take(self, item: Draft | Answer) -> None:
        """Note a draft or the answer; what comes after the end is dropped."""
        if self.over:
            return
        if isinstance(item, Answer):
            self.answer, self.text, self.status = item, item.text, "answered"
        else:
            self.step, self.text = item.step, item.text

    def stop(self) -> None:
        """Ask the generator to end, and take nothing more from it."""
        self.cancel.set()
        if not self.over:
            self.status = "stopped"

    def fail(self, problem: str) -> None:
        """End with one line that says what went wrong."""
        if not self.over:
            self.status, self.problem = "failed", problem


@dataclass(slots=True)
class Conversation:
    """The turns of one open page, the last of which may still be under way.

    filters: what the next question is asked under.
    """

    turns: list[Turn] = field(default_factory=list)
    filters: Filters = EVERYTHING

    @property
    def current(self) -> Turn | None:
        """The turn asked last."""
        return self.turns[-1] if self.turns else None

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self.current is not None and not self.current.over

    @property
    def history(self) -> tuple[str, ...]:
        """The questions answered before the current one, but for a refusal of the very same."""
        return tuple(
            turn.question
            for turn in self.turns[:-1]
            if turn.answer is not None and not (turn.answer.refused and self._same(turn))
        )

    def _same(self, turn: Turn) -> bool:
        return self.current is not None and turn.question == self.current.question

    def ask(self, question: str) -> Turn:
        """Begin a turn."""
        turn = Turn(len(self.turns) + 1, question, self.filters)
        self.turns.append(turn)
        return turn

    def close(self) -> None:
        """Stop what is under way; the page is gone."""
        if self.current is not None:
            self.current.stop()
