"""Builds a bank from a conversation, in each of the ways that are compared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from memchat.assistant import Assistant
from memchat.bank.index import turn_text
from memchat.bank.types import Message
from memchat.engine.protocol import CancelToken
from memchat.ingest.run import Ingestion, Progress, Summary
from memchat.ingest.turns import Conversation
from training.evaluation.store import Records
from training.evaluation.systems import MemoryKind

_INDEX_BATCH = 64


@dataclass(frozen=True, slots=True)
class Building:
    """What came of building a bank."""

    operations: dict[str, int]
    corrections: dict[str, int]
    failures: int


def build(
    assistant: Assistant,
    conversation: Conversation,
    memory: MemoryKind,
    timings: Records,
    progress: Progress,
) -> Building:
    """Bring the assistant's bank to the end of the conversation; goes on where it stopped.

    `timings` gets the seconds that each turn's memory work took.
    """
    if memory.extracts:
        watch = _StopWatch(assistant, timings, progress)
        summary = Ingestion(assistant, watch, CancelToken()).run([conversation])
        return _building(summary)
    if memory is MemoryKind.RAW_TURNS:
        assistant.load()
        store_turns(assistant, conversation)
        index_turns(assistant)
    return Building({}, {}, 0)


def store_turns(assistant: Assistant, conversation: Conversation) -> None:
    """Save the turns, without queueing them for the Memory Manager."""
    bank, title = assistant.bank, conversation.title
    chat = bank.find_chat("ingest", title) or bank.create_chat(kind="ingest", title=title)
    for turn in conversation.turns:
        if turn.said_at is not None:
            bank.add_message(
                chat.id,
                turn.role,
                turn.text,
                said_at=turn.said_at,
                speaker=turn.speaker,
                external_id=turn.external_id,
            )


def index_turns(assistant: Assistant) -> None:
    """Make every stored user turn findable."""
    while waiting := assistant.bank.unindexed_turns(_INDEX_BATCH):
        vectors = assistant.embed(_texts(waiting))
        for message, vector in zip(waiting, vectors, strict=True):
            assistant.bank.index_turn(message.id, vector)


def _texts(messages: Sequence[Message]) -> list[str]:
    return [turn_text(message.speaker, message.text) for message in messages]


def _building(summary: Summary) -> Building:
    return Building(dict(summary.operations), dict(summary.corrections), len(summary.failures))


class _StopWatch:
    """Passes progress on, and writes down what each turn took by stage."""

    def __init__(self, assistant: Assistant, timings: Records, progress: Progress) -> None:
        self._assistant, self._timings, self._progress = assistant, timings, progress
        self._before = dict(assistant.timings)
        self._since = time.perf_counter()

    def __call__(self, title: str, done: int, total: int) -> None:
        now, totals = time.perf_counter(), dict(self._assistant.timings)
        stages = {name: value - self._before.get(name, 0.0) for name, value in totals.items()}
        if stages.get("extract"):  # a turn that was done in an earlier run takes no time
            record = {"id": f"{title}/{done}", "turn": now - self._since, **stages}
            self._timings.add({**record})
        self._before, self._since = totals, now
        self._progress(title, done, total)
