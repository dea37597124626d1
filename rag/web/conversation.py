"""What one open page remembers: its questions, and how far each has come.

A `Conversation` lives in the session's state on the server. Handlers change it and draw it
afresh each time, so that an event which arrives late can only draw what is true now.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.feedback import Verdict
from rag.types import EVERYTHING, USUAL, Answer, Draft, Effort, Filters, Hit

Status = Literal["waiting", "running", "answered", "stopped", "failed"]
Step = Literal["retrieve", "load", "read", "check"]


@dataclass(frozen=True, slots=True)
class Thumb:
    """What the user thinks of an answer. key: of the stored feedback. open: the form is shown."""

    key: str
    verdict: Verdict
    reason: str = ""
    comment: str = ""
    open: bool = False


@dataclass(slots=True)
class Turn:
    """One question and what became of it.

    number: counts from 1 within the conversation. text: the sentences checked so far.
    reading: what is read for it. problem: one line that says what went wrong, where `failed` or
    where the answer of before stays.
    filters: what it was asked under. effort: how much is read for it. ahead: how many questions
    are answered before it, while `waiting`. more: passages read besides the usual ones. before:
    the answer that this one is to replace. spent: seconds of each step that was left. clock:
    tells seconds.
    """

    number: int
    question: str
    filters: Filters = EVERYTHING
    effort: Effort = USUAL
    status: Status = "waiting"
    step: Step = "retrieve"
    text: str = ""
    reading: tuple[Hit, ...] = ()
    answer: Answer | None = None
    problem: str = ""
    ahead: int = 0
    more: int = 0
    before: Answer | None = None
    thumb: Thumb | None = None
    spent: dict[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter
    cancel: threading.Event = field(default_factory=threading.Event)
    _since: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("answered", "stopped", "failed")

    def begin(self) -> None:
        """Leave the line: the generator is free."""
        if not self.over:
            self.status, self._since = "running", self.clock()

    def seconds(self, step: str) -> float:
        """What a step has taken so far."""
        running = self.status == "running" and step == self.step
        return self.spent.get(step, 0.0) + (self.clock() - self._since if running else 0.0)

    def take(self, item: Draft | Answer) -> None:
        """Note a draft or the answer; what comes after the end is dropped."""
        if self.over:
            return
        self.spent[self.step], self._since = self.seconds(self.step), self.clock()
        if isinstance(item, Answer):
            self.answer, self.text, self.status = item, item.text, "answered"
        else:
            self.step, self.text = item.step, item.text
            self.reading = item.reading or self.reading

    def stop(self) -> None:
        """Ask the generator to end, and take nothing more from it."""
        self.cancel.set()
        if not self.over and not self._as_before():
            self.status = "stopped"

    def fail(self, problem: str) -> None:
        """End with one line that says what went wrong."""
        if not self.over:
            self.problem = problem
            if not self._as_before():
                self.status = "failed"

    def _as_before(self) -> bool:
        """Whether there was an answer before, which then stays: no other came of it."""
        if self.before is None:
            return False
        self.answer, self.text, self.before = self.before, self.before.text, None
        self.status = "answered"
        return True


@dataclass(slots=True)
class Conversation:
    """The turns of one open page, the last of which may still be under way.

    filters: what the next question is asked under. editing: the number of the turn that the
    next question replaces, with all that followed; 0: none. effort: how much is read and written
    for the next question. id: under which it is kept, empty until something is asked. linked:
    whether the question of a link stands there instead, not yet asked.
    """

    turns: list[Turn] = field(default_factory=list)
    filters: Filters = EVERYTHING
    editing: int = 0
    effort: Effort = USUAL
    id: str = ""
    linked: bool = False

    @property
    def empty(self) -> bool:
        """Whether the page shows a welcome in its place."""
        return not self.turns and not self.linked

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

    def turn(self, number: object) -> Turn | None:
        """The turn of a number, None where there is none. number: from a browser, not checked."""
        numbered = isinstance(number, int) and not isinstance(number, bool)
        return next((one for one in self.turns if numbered and one.number == number), None)

    def ask(self, question: str) -> Turn:
        """Begin a turn; in the place of the one that is being edited, if one is."""
        if self.editing:
            del self.turns[self.editing - 1 :]
            self.editing = 0
        self.id = self.id or secrets.token_hex(8)
        turn = Turn(len(self.turns) + 1, question, self.filters, self.effort)
        self.turns.append(turn)
        return turn

    def again(self, more: int) -> None:
        """Begin the last turn anew, to read so many passages more than the first time; written
        by the generator that is chosen now.
        """
        old = self.turns.pop()
        effort = replace(old.effort, generator=self.effort.generator)
        turn = Turn(old.number, old.question, old.filters, effort)
        turn.more, turn.before = more, old.answer
        self.turns.append(turn)

    def take_over(self, other: Conversation) -> None:
        """Become another conversation; the effort stays as the user set it."""
        self.turns, self.filters, self.id = other.turns, other.filters, other.id
        self.linked, self.editing = other.linked, 0

    def close(self) -> None:
        """Stop what is under way; the page is gone."""
        if self.current is not None:
            self.current.stop()
