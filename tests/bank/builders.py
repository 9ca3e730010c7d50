"""What bank tests are made of: vectors without a model, operations without an agent."""

from __future__ import annotations

from datetime import UTC, datetime

from memchat.bank.bank import Bank
from memchat.bank.types import Event, Fact, MemoryState, Message, Op, Operation
from memchat.engine.protocol import Vector
from tests.fakes import bag_of_words

DIMENSION = 128
MODEL = "bag-of-words"
SAID_AT = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def vector(text: str) -> Vector:
    """Near the vectors of texts with the same words."""
    return bag_of_words(text, DIMENSION)


def said(bank: Bank, text: str, chat_id: int | None = None, *, queued: bool = True) -> Message:
    """A user turn, indexed."""
    chat_id = bank.create_chat().id if chat_id is None else chat_id
    state = MemoryState.PENDING if queued else MemoryState.NONE
    message = bank.add_message(chat_id, "user", text, said_at=SAID_AT, memory_state=state)
    bank.index_turn(message.id, vector(text))
    return message


def added(bank: Bank, text: str, message_id: int | None = None) -> int:
    """The id of a memory that the manager added."""
    event = bank.apply(
        Operation(Op.ADD, Fact(text), text), vector=vector(text), message_id=message_id
    )
    assert event.memory_id is not None
    return event.memory_id


def updated(bank: Bank, target: int, text: str, message_id: int | None = None) -> Event:
    operation = Operation(Op.UPDATE, Fact(text), text, target=target)
    return bank.apply(operation, vector=vector(text), message_id=message_id)


def deleted(bank: Bank, target: int, message_id: int | None = None) -> Event:
    operation = Operation(Op.DELETE, Fact("it is over"), target=target)
    return bank.apply(operation, vector=None, message_id=message_id)


def texts(bank: Bank) -> list[str]:
    return [memory.text for memory in bank.memories()]
