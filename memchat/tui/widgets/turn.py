"""One turn on screen: the question, the answer, and a footer that says what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from memchat.text import printable
from memchat.tui.footer import footer
from memchat.tui.turn_record import Phase, TurnRecord
from memchat.turn import AnswerDelta, AnswerFinished, AnswerStarted, TurnEvent

if TYPE_CHECKING:
    from memchat.tui.widgets.answer import Answer

QUESTION_MARK = "\u203a"
MAX_QUESTION = 4000
"""Characters of a question that are shown; a pasted file would bury the answer."""


class Turn(Vertical):
    """Draws a TurnRecord. The record outlives the widget: far turns are unmounted."""

    @dataclass
    class Selected(Message):
        """The user clicked this turn."""

        record: TurnRecord

    def __init__(self, record: TurnRecord) -> None:
        super().__init__(id=f"turn-{record.question.id}")
        self.record = record
        self._composed = False
        self._drawn: tuple[str, str, Phase] | None = None

    def compose(self) -> ComposeResult:
        from memchat.tui.widgets.answer import Answer  # Markdown is not in the first frame

        with Horizontal(classes="question"):
            yield Static(QUESTION_MARK, classes="question-mark")
            yield Static(_shortened(self.record.question.text), markup=False, classes="words")
        yield Answer(self.record.answer)
        yield Static(classes="turn-error", markup=False)
        yield Static(classes="turn-footer", markup=False)

    async def on_mount(self) -> None:
        self._composed = True
        await self._answer.finish(self.record.answer)
        self._draw_footer()

    async def show(self, event: TurnEvent) -> None:
        """Draw what the event changed; the record has it already."""
        if not self._composed:
            return
        answer = self._answer
        if isinstance(event, AnswerStarted):
            await answer.finish("")
        elif isinstance(event, AnswerDelta):
            answer.stream(event.text)
        elif isinstance(event, AnswerFinished):
            await answer.finish(event.reply.text)
        self._draw_footer()

    async def restart(self) -> None:
        """Make room for another answer."""
        await self._answer.finish("")
        self._draw_footer()

    def redraw(self) -> None:
        """The record was changed from outside."""
        if self._composed:
            self._draw_footer()

    @property
    def _answer(self) -> Answer:
        from memchat.tui.widgets.answer import Answer

        return self.query_one(Answer)

    def on_click(self) -> None:
        if not self.screen.selections:
            self.post_message(self.Selected(self.record))

    def _draw_footer(self) -> None:
        """Deltas come by the dozen, and few of them change what the footer says."""
        record = self.record
        drawn = (footer(record), _error_text(record), record.phase)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.query_one(".turn-footer", Static).update(printable(drawn[0]))
        self.query_one(".turn-error", Static).update(drawn[1])
        self.set_class(record.phase.busy, "-busy")
        self.set_class(record.phase is Phase.FAILED, "-failed")
        self.set_class(not drawn[0], "-quiet")
        self.set_class(bool(drawn[1]), "-has-error")


def _error_text(record: TurnRecord) -> str:
    errors = [error for error in (record.error, record.memory_error) if error]
    return printable("\n".join(f"{error.message} {error.hint}".strip() for error in errors))


def _shortened(text: str) -> str:
    shown = printable(text[:MAX_QUESTION])
    rest = len(text) - MAX_QUESTION
    return shown if rest <= 0 else f"{shown}…\n({rest:,} more characters, all of them sent)"
