"""One turn as the screen knows it: fed by turn events, or read back from the bank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from memchat.bank.types import Delivery, Event, MemoryState, Message, Op
from memchat.engine.protocol import Finished
from memchat.errors import MemchatError
from memchat.marks import OF_OPERATION
from memchat.turn import (
    AnswerDelta,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    Cited,
    ContextTrimmed,
    Decided,
    FactsExtracted,
    MemoryFailed,
    MemoryFinished,
    MemoryStarted,
    Retrieved,
    Thinking,
    TurnEvent,
)


class Phase(StrEnum):
    """Where the answer stands; the value is the word on screen."""

    QUEUED = "queued"
    RETRIEVING = "retrieving"
    THINKING = "thinking"
    ANSWERING = "answering"
    STOPPING = "stopping"
    ANSWERED = "answered"
    STOPPED = "stopped"
    FAILED = "failed"
    UNANSWERED = "no answer"

    @property
    def busy(self) -> bool:
        return self in {Phase.RETRIEVING, Phase.THINKING, Phase.ANSWERING, Phase.STOPPING}


class MemoryPhase(StrEnum):
    """Where the memory work for the turn stands; the value is the word on screen."""

    NONE = ""
    QUEUED = "memory queued"
    CHECKING = "checking memory…"
    DONE = "memory checked"
    FAILED = "memory failed"


OF_DELIVERY = {
    Delivery.COMPLETE: Phase.ANSWERED,
    Delivery.PARTIAL: Phase.STOPPED,
    Delivery.STOPPED: Phase.STOPPED,
    Delivery.FAILED: Phase.FAILED,
}
OF_MEMORY_STATE = {
    MemoryState.NONE: MemoryPhase.NONE,
    MemoryState.PENDING: MemoryPhase.QUEUED,
    MemoryState.EXTRACTED: MemoryPhase.QUEUED,
    MemoryState.DONE: MemoryPhase.DONE,
    MemoryState.FAILED: MemoryPhase.FAILED,
}


@dataclass
class TurnRecord:
    """A question, its answer so far, what was used for it and what it changed."""

    question: Message
    answer: str = ""
    phase: Phase = Phase.QUEUED
    memory: MemoryPhase = MemoryPhase.NONE
    reply: Message | None = None
    used: list[int] = field(default_factory=list)
    """Memories put before the model, best first."""
    turns_used: int = 0
    cited: list[int] = field(default_factory=list)
    operations: list[Event] = field(default_factory=list)
    progress: tuple[int, int] = (0, 0)
    """Prompt tokens evaluated, and how many there are."""
    stats: Finished | None = None
    trimmed: bool = False
    """Older messages did not fit the context window."""
    error: MemchatError | None = None
    memory_error: MemchatError | None = None

    @classmethod
    def saved(cls, question: Message, reply: Message | None) -> TurnRecord:
        """A turn read back from the bank."""
        return cls(
            question=question,
            answer=reply.text if reply else "",
            phase=OF_DELIVERY[reply.delivery] if reply else Phase.UNANSWERED,
            memory=OF_MEMORY_STATE[question.memory_state],
            reply=reply,
        )

    def restart(self) -> None:
        """Another answer to the same question was asked for."""
        self.answer, self.phase, self.reply = "", Phase.QUEUED, None
        self.stats, self.error = None, None

    def apply(self, event: TurnEvent) -> None:
        """Take in an event of this turn."""
        self._apply_answer(event)
        self._apply_memory(event)

    def _apply_answer(self, event: TurnEvent) -> None:
        match event:
            case Retrieved(hits=hits):
                self._advance(Phase.THINKING)
                self.progress = (0, 0)
                self.used = [hit.id for hit in hits if hit.kind == "memory"]
                self.turns_used = len(hits) - len(self.used)
            case Thinking(done=done, total=total):
                self._advance(Phase.THINKING)
                self.progress = (done, total)
            case Cited(hits=hits):
                self.cited = [hit.id for hit in hits if hit.kind == "memory"]
            case AnswerStarted():
                self.answer = ""
            case ContextTrimmed():
                self.trimmed = True
            case AnswerDelta(text=text):
                self._advance(Phase.ANSWERING)
                self.answer += text
            case AnswerFinished(reply=reply, stats=stats):
                self.answer, self.reply, self.stats = reply.text, reply, stats
                self.phase = OF_DELIVERY[reply.delivery]
            case AnswerFailed(error=error):
                self.phase, self.error = Phase.FAILED, error
            case _:
                pass

    def _apply_memory(self, event: TurnEvent) -> None:
        match event:
            case MemoryStarted() | FactsExtracted():
                self.memory = MemoryPhase.CHECKING
            case Decided(event=operation):
                self.memory = MemoryPhase.CHECKING
                self.operations.append(operation)
            case MemoryFinished():
                self.memory = MemoryPhase.DONE
            case MemoryFailed(error=error):
                self.memory, self.memory_error = MemoryPhase.FAILED, error
            case _:
                pass

    def _advance(self, phase: Phase) -> None:
        """Move on, except that a stop asked for stays visible until the reply ends."""
        if self.phase is not Phase.STOPPING:
            self.phase = phase


def badge(operations: Iterable[Event]) -> str:
    """`+1 ~1 −1`: how many operations of each kind, those undone left out."""
    glyphs = Counter(
        OF_OPERATION[event.op].glyph
        for event in operations
        if event.op in {Op.ADD, Op.UPDATE, Op.DELETE, Op.SUGGEST} and event.undone_by is None
    )
    return " ".join(f"{glyph}{count}" for glyph, count in glyphs.items())
