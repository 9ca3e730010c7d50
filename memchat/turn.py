"""What happens during a turn, as a stream of events that any front end can show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memchat.bank.types import Event, Fact, Hit, Message
from memchat.engine.protocol import EngineStatus, Finished
from memchat.errors import MemchatError


class MemoryMode(StrEnum):
    """What memory does for a message."""

    ON = "on"
    PAUSED = "paused"
    """Memories are read, none are written."""
    OFF = "off"
    """Memories are neither read nor written; the chat is saved all the same."""


@dataclass(frozen=True, slots=True)
class EngineChanged:
    """A model is loading, ready, or failed."""

    status: EngineStatus


@dataclass(frozen=True, slots=True)
class EngineRestarting:
    """The process that runs the models died; it is being started again. No text is lost."""

    error: MemchatError


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The memories and turns put before the model for this message: they are *used*."""

    message_id: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class ContextTrimmed:
    """The oldest messages, or the middle of a long one, did not fit the context window."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Thinking:
    """`done` of `total` prompt tokens are evaluated."""

    message_id: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Cited:
    """The candidates that the model named before it answered."""

    message_id: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The reply has a row in the database; deltas follow, from the beginning."""

    message_id: int
    reply_id: int


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """The reply as saved. `reply.delivery` says whether it was stopped."""

    message_id: int
    reply: Message
    stats: Finished


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """No answer came; the user's message is kept and can be sent again."""

    message_id: int
    error: MemchatError


@dataclass(frozen=True, slots=True)
class MemoryStarted:
    """The Memory Manager reads this message."""

    message_id: int


@dataclass(frozen=True, slots=True)
class FactsExtracted:
    message_id: int
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """One operation, already committed."""

    message_id: int
    event: Event


@dataclass(frozen=True, slots=True)
class MemoryFinished:
    message_id: int


@dataclass(frozen=True, slots=True)
class MemoryFailed:
    """The message is marked as failed, to be tried again on request."""

    message_id: int
    error: MemchatError


TurnEvent = (
    EngineChanged
    | EngineRestarting
    | Retrieved
    | ContextTrimmed
    | Thinking
    | Cited
    | AnswerStarted
    | AnswerDelta
    | AnswerFinished
    | AnswerFailed
    | MemoryStarted
    | FactsExtracted
    | Decided
    | MemoryFinished
    | MemoryFailed
)
