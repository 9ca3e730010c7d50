"""Ingesting: each turn once, at its own date, however often it is interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from memchat.config import Settings
from memchat.engine.protocol import CancelToken
from memchat.errors import ModelError
from memchat.ingest.run import Ingestion, Summary
from memchat.ingest.turns import Conversation, IngestTurn
from tests.ingest.echo import EchoManager

SENTENCES = [
    "I have a dog named Buddy.",
    "My sister studies law in Boston.",
    "We visited Rome.",
    "I play the cello.",
    "My car broke down.",
]
DAYS = [datetime(2023, 5, day, 12, tzinfo=UTC) for day in range(1, 6)]


def talk(title: str = "conv-1") -> Conversation:
    turns = (
        IngestTurn(f"{title}/D1:{n}", "user", ("Ana", "Ben")[n % 2], text, day)
        for n, (text, day) in enumerate(zip(SENTENCES, DAYS, strict=True))
    )
    return Conversation(title, title, tuple(turns))


class Ingest:
    """Ingests into one bank, and can be stopped after some turns."""

    def __init__(self, bank: Bank, engine: EchoManager) -> None:
        self.assistant = Assistant(bank, engine, Settings())
        self.progress: list[tuple[str, int, int]] = []

    def __call__(self, *conversations: Conversation, stop_after: int | None = None) -> Summary:
        cancel = CancelToken()

        def progress(title: str, done: int, total: int) -> None:
            self.progress.append((title, done, total))
            if done == stop_after:
                cancel.cancel()

        return Ingestion(self.assistant, progress, cancel).run(list(conversations))


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with Bank.open(tmp_path / "memchat.db") as bank:
        yield bank


@pytest.fixture
def engine() -> EchoManager:
    return EchoManager()


@pytest.fixture
def ingest(bank: Bank, engine: EchoManager) -> Ingest:
    return Ingest(bank, engine)


def remembered(bank: Bank) -> list[str]:
    return sorted(memory.text for memory in bank.memories(state=None))


def test_each_turn_is_stored_and_managed_at_its_own_date(ingest: Ingest, bank: Bank) -> None:
    summary = ingest(talk())
    assert (summary.turns, summary.finished_now, summary.facts) == (5, 5, 5)
    assert summary.operations == {"ADD": 5}
    assert remembered(bank) == sorted(SENTENCES)
    assert [memory.valid_from for memory in reversed(bank.memories())] == DAYS
    assert {memory.subject for memory in bank.memories()} == {"Ana", "Ben"}
    assert ingest.progress == [("conv-1", n, 5) for n in range(1, 6)]


def test_a_second_run_does_nothing_and_reports_the_same(
    ingest: Ingest, bank: Bank, engine: EchoManager
) -> None:
    first = ingest(talk())
    asked = len(engine.requests)
    again = ingest(talk())
    assert (again.turns, again.facts, again.operations) == (5, 5, first.operations)
    assert again.finished_now == 0
    assert len(engine.requests) == asked
    assert len(bank.chats(kind="ingest")) == 1


def test_an_interrupted_run_goes_on_where_it_stopped(ingest: Ingest, bank: Bank) -> None:
    stopped = ingest(talk(), stop_after=2)
    assert (stopped.interrupted, stopped.turns, stopped.finished_now) == (True, 2, 2)
    resumed = ingest(talk())
    assert (resumed.interrupted, resumed.turns, resumed.finished_now) == (False, 5, 3)
    assert remembered(bank) == sorted(SENTENCES)


def test_a_turn_that_the_model_fails_on_is_retried_by_the_next_run(
    ingest: Ingest, bank: Bank, engine: EchoManager
) -> None:
    engine.fail_on = SENTENCES[2]
    failed = ingest(talk())
    assert [error.message for _, error in failed.failures] == ["The model broke."]
    assert (failed.turns, failed.finished_now) == (5, 4)
    engine.fail_on = ""
    retried = ingest(talk())
    assert (retried.failures, retried.finished_now) == ([], 1)
    assert remembered(bank) == sorted(SENTENCES)


def test_a_model_that_cannot_be_loaded_stores_nothing(
    ingest: Ingest, bank: Bank, engine: EchoManager
) -> None:
    engine.crash_next(ModelError("There is no model."))
    with pytest.raises(ModelError):
        ingest(talk())
    assert bank.chats() == []


def test_only_the_users_turns_write_memory(ingest: Ingest, bank: Bank) -> None:
    turns = (
        IngestTurn("1", "user", "", SENTENCES[0], DAYS[0]),
        IngestTurn("2", "assistant", "", "You are the Queen of Sheba.", None),
    )
    summary = ingest(Conversation("chat", "chat", turns))
    assert (summary.turns, remembered(bank)) == (1, SENTENCES[:1])
    said = bank.messages(1)[1]
    assert (said.role, said.memory_state) == ("assistant", MemoryState.NONE)


def test_conversations_become_a_chat_each(ingest: Ingest, bank: Bank) -> None:
    summary = ingest(talk("conv-1"), talk("conv-2"))
    assert summary.turns == 10
    assert sorted(chat.title for chat in bank.chats(kind="ingest")) == ["conv-1", "conv-2"]
    assert summary.operations == {"ADD": 5, "NOOP": 5}
    assert summary.corrections == {"duplicate": 5}
