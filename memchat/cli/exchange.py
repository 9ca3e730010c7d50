"""One question and its answer, outside a conversation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from memchat.assistant import Assistant
from memchat.bank.types import Event, Hit, Message
from memchat.cli.interrupt import cancel_on_interrupt
from memchat.cli.output import note
from memchat.cli.plain import LinePrinter
from memchat.cli.views import Json, event_json, event_line, hit_json
from memchat.engine.protocol import Finished
from memchat.text import printable
from memchat.turn import (
    AnswerDelta,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    Cited,
    Decided,
    MemoryFailed,
    MemoryMode,
    Retrieved,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answered question. `seconds` is from asking to the last token, loading included."""

    message: Message
    reply: Message
    stats: Finished
    used: tuple[Hit, ...]
    cited: tuple[Hit, ...]
    seconds: float

    def as_json(self, operations: list[Event]) -> Json:
        return {
            "answer": self.reply.text,
            "message_id": self.message.id,
            "reply_id": self.reply.id,
            "chat_id": self.message.chat_id,
            "used": [hit_json(hit) for hit in self.used],
            "cited": [hit_json(hit) for hit in self.cited],
            "operations": [event_json(event) for event in operations],
            "model": self.reply.model,
            "seconds": round(self.seconds, 3),
            "tokens": {
                "prompt": self.stats.prompt_tokens,
                "cached": self.stats.cached_tokens,
                "completion": self.stats.completion_tokens,
                "per_second": round(self.stats.tokens_per_second, 1),
            },
        }


def answer(
    assistant: Assistant,
    message: Message,
    mode: MemoryMode,
    document: str,
    write: Callable[[str], None],
) -> Exchange:
    """Answer a saved message; `write` gets each piece of the answer as it comes.

    Raises the error that kept it from being answered; KeyboardInterrupt when Ctrl+C did.
    """
    started = time.perf_counter()
    used: tuple[Hit, ...] = ()
    cited: tuple[Hit, ...] = ()
    others = LinePrinter(write, note)
    with cancel_on_interrupt() as cancel:
        for event in assistant.answer(message.id, mode, cancel, document):
            match event:
                case Retrieved(hits=hits):
                    used = hits
                case Cited(hits=hits):
                    cited = hits
                case AnswerStarted():
                    pass
                case AnswerDelta(text=text):
                    write(printable(text))
                case AnswerFailed(error=error):
                    raise error
                case AnswerFinished(reply=reply, stats=stats) if not cancel.cancelled:
                    seconds = time.perf_counter() - started
                    return Exchange(message, reply, stats, used, cited, seconds)
                case _:
                    others.show(event)
    raise KeyboardInterrupt


def remember(assistant: Assistant, chat_id: int) -> list[Event]:
    """Do the memory work of a chat, noting each operation. Raises the first failure."""
    operations: list[Event] = []
    with cancel_on_interrupt() as cancel:
        for event in assistant.manage(cancel, chat_id):
            match event:
                case Decided(event=operation):
                    operations.append(operation)
                    note(f"Memory: {event_line(operation)}")
                case MemoryFailed(error=error):
                    raise error
    if cancel.cancelled:
        raise KeyboardInterrupt
    return operations
