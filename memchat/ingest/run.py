"""Runs a conversation through the Memory Manager, turn by turn at the turns' own dates.

Each turn is stored and finished before the next, under its external id. So a run that was cut
short goes on where it stopped: finished turns are skipped, a half-finished one is finished.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from memchat.assistant import Assistant, now
from memchat.bank.bank import Bank
from memchat.bank.types import Actor, Chat, Event, MemoryState, Message
from memchat.engine.protocol import CancelToken
from memchat.errors import MemchatError
from memchat.ingest.turns import Conversation, IngestTurn
from memchat.turn import MemoryFailed, MemoryFinished

_QUEUED = (MemoryState.PENDING, MemoryState.EXTRACTED)
Progress = Callable[[str, int, int], None]
"""Called after each turn with the conversation's title, turns done, and turns in all."""


@dataclass
class Summary:
    """What is known about conversations after a run; earlier runs of the same ones included."""

    turns: int = 0
    finished_now: int = 0
    """Turns that this run worked on to their end."""
    facts: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    corrections: Counter[str] = field(default_factory=Counter)
    """How often each guard changed what the model said."""
    failures: list[tuple[int, MemchatError]] = field(default_factory=list)
    """Message id and reason of each turn that failed in this run."""
    interrupted: bool = False

    def count(self, event: Event) -> None:
        self.facts += 1
        self.operations[event.op.value] += 1
        self.corrections.update(event.correction.split(", ") if event.correction else ())


def enqueue(
    bank: Bank, conversations: Sequence[Conversation], clock: Callable[[], datetime] = now
) -> int:
    """Only store the conversations, queued for memory: how many turns then wait in them.

    What an earlier run finished stays finished. Raises StorageError.
    """
    waiting = 0
    for conversation in conversations:
        chat = _chat_of(bank, conversation)
        stored = [_store(bank, chat, turn, clock()) for turn in conversation.turns]
        waiting += sum(message.memory_state in _QUEUED for message in stored)
    return waiting


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Feeds conversations to an assistant."""

    assistant: Assistant
    progress: Progress
    cancel: CancelToken
    clock: Callable[[], datetime] = now

    def run(self, conversations: list[Conversation]) -> Summary:
        """Ingest all of them, or what can be done before `cancel`.

        Raises ModelError when the models cannot be loaded, StorageError when the bank cannot be
        written. A turn that a model fails on is recorded as failed; the next run retries it.
        """
        self.assistant.load()
        self.assistant.bank.retry_failed()
        summary = Summary()
        chats = [self._ingest(each, summary) for each in conversations if not self.cancel.cancelled]
        summary.interrupted = self.cancel.cancelled
        for chat in chats:
            self._report(chat, summary)
        return summary

    def _ingest(self, conversation: Conversation, summary: Summary) -> Chat:
        bank = self.assistant.bank
        chat = _chat_of(bank, conversation)
        total = len(conversation.turns)
        for done, turn in enumerate(conversation.turns, 1):
            message = _store(bank, chat, turn, self.clock())
            if message.memory_state in _QUEUED:
                self._manage(chat, summary)
            if not self.cancel.cancelled:
                self.progress(conversation.title, done, total)
            if self.cancel.cancelled:
                break
        return chat

    def _manage(self, chat: Chat, summary: Summary) -> None:
        for event in self.assistant.manage(self.cancel, chat.id):
            if isinstance(event, MemoryFinished):
                summary.finished_now += 1
            elif isinstance(event, MemoryFailed):
                summary.failures.append((event.message_id, event.error))

    def _report(self, chat: Chat, summary: Summary) -> None:
        bank = self.assistant.bank
        for message in bank.messages(chat.id):
            if message.memory_state is MemoryState.NONE:
                continue
            summary.turns += 1
            for event in bank.events(message_id=message.id):
                if event.actor is Actor.MANAGER:
                    summary.count(event)


def _chat_of(bank: Bank, conversation: Conversation) -> Chat:
    known = bank.find_chat("ingest", conversation.title)
    return known or bank.create_chat(kind="ingest", title=conversation.title)


def _store(bank: Bank, chat: Chat, turn: IngestTurn, at: datetime) -> Message:
    is_user = turn.role == "user"
    return bank.add_message(
        chat.id,
        turn.role,
        turn.text,
        said_at=turn.said_at or at,
        speaker=turn.speaker,
        memory_state=MemoryState.PENDING if is_user else MemoryState.NONE,
        external_id=turn.external_id,
    )
