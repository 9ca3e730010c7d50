"""The background thread: answers first, memory work whenever it is idle, quick to stop."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import Delivery, MemoryState
from memchat.config import Settings
from memchat.engine.protocol import LoadState, Role
from memchat.errors import ModelError, StorageFullError, UsageError
from memchat.runner import Runner
from memchat.turn import (
    AnswerDelta,
    AnswerFailed,
    AnswerFinished,
    Decided,
    EngineChanged,
    MemoryFailed,
    MemoryFinished,
    MemoryMode,
    MemoryStarted,
    TurnEvent,
)
from tests.fakes import FakeEngine

WAIT = 10.0


class Listener:
    """Collects what a runner emits, and waits for an event of a kind."""

    def __init__(self) -> None:
        self.events: list[TurnEvent] = []
        self._changed = threading.Condition()

    def __call__(self, event: TurnEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, kind: type[TurnEvent]) -> None:
        with self._changed:
            found = self._changed.wait_for(
                lambda: any(isinstance(event, kind) for event in self.events), WAIT
            )
        assert found, f"no {kind.__name__} among {self.events}"

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events if not isinstance(event, AnswerDelta)]


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with Bank.open(tmp_path / "bank" / "memchat.db") as bank:
        yield bank


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(default_replies={Role.MEMORY: "NONE"})


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def runner(bank: Bank, engine: FakeEngine, listener: Listener) -> Iterator[Runner]:
    runner = Runner(Assistant(bank, engine, Settings()), listener)
    yield runner
    runner.close()


@pytest.fixture
def chat_id(bank: Bank) -> int:
    return bank.create_chat().id


def test_a_message_is_answered_and_then_remembered(
    runner: Runner, engine: FakeEngine, listener: Listener, bank: Bank, chat_id: int
) -> None:
    engine.enqueue("The user lives in Porto.", role=Role.MEMORY)
    runner.start()
    runner.send(chat_id, "I live in Porto.")
    assert runner.wait_idle(WAIT)
    kinds = listener.kinds()
    assert kinds.index(AnswerFinished) < kinds.index(MemoryStarted) < kinds.index(MemoryFinished)
    assert [memory.text for memory in bank.memories()] == ["The user lives in Porto."]


def test_a_message_sent_while_the_models_load_is_saved_at_once(
    bank: Bank, listener: Listener, chat_id: int
) -> None:
    runner = Runner(Assistant(bank, FakeEngine(load_delay=0.3), Settings()), listener)
    runner.start()
    runner.send(chat_id, "Are you there?")
    assert [message.text for message in bank.messages(chat_id)] == ["Are you there?"]
    listener.wait_for(AnswerFinished)
    runner.close()


def test_turns_left_by_an_earlier_run_are_finished_at_the_start(
    runner: Runner, bank: Bank, chat_id: int
) -> None:
    left = runner.assistant.submit(chat_id, "I live in Porto.")
    runner.start()
    assert runner.wait_idle(WAIT)
    assert bank.message(left.id).memory_state is MemoryState.DONE


def test_a_turn_that_failed_in_an_earlier_run_is_tried_again(
    runner: Runner, bank: Bank, chat_id: int
) -> None:
    failed = runner.assistant.submit(chat_id, "I live in Porto.")
    bank.fail_memory(failed.id, "out of memory")
    runner.start()
    assert runner.wait_idle(WAIT)
    assert bank.message(failed.id).memory_state is MemoryState.DONE


def test_a_new_message_pre_empts_memory_work_which_resumes(
    bank: Bank, listener: Listener, chat_id: int
) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("word " * 400, "NONE", "NONE", role=Role.MEMORY)
    runner = Runner(Assistant(bank, engine, Settings()), listener)
    runner.start()
    first = runner.send(chat_id, "one")
    listener.wait_for(MemoryStarted)
    second = runner.send(chat_id, "two")
    assert runner.wait_idle(WAIT)
    kinds = listener.kinds()
    assert kinds.index(MemoryStarted) < len(kinds) - 1 - kinds[::-1].index(AnswerFinished)
    assert kinds.count(AnswerFinished) == 2
    states = {bank.message(message.id).memory_state for message in (first, second)}
    assert states == {MemoryState.DONE}
    runner.close()


def test_stop_keeps_the_partial_and_the_next_message_is_answered(
    bank: Bank, listener: Listener, chat_id: int
) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("word " * 400)
    runner = Runner(Assistant(bank, engine, Settings()), listener)
    runner.start()
    runner.send(chat_id, "Talk")
    listener.wait_for(AnswerDelta)
    runner.stop()
    listener.wait_for(AnswerFinished)
    reply = bank.messages(chat_id)[-1]
    assert reply.delivery is Delivery.STOPPED
    assert reply.text.startswith("word")
    runner.close()


@pytest.mark.parametrize("mode", [MemoryMode.PAUSED, MemoryMode.OFF])
def test_paused_memory_work_waits_until_it_is_on_again(
    runner: Runner, bank: Bank, chat_id: int, mode: MemoryMode
) -> None:
    queued = runner.assistant.submit(chat_id, "I live in Porto.")
    runner.mode = mode
    runner.start()
    assert runner.wait_idle(WAIT)
    assert bank.message(queued.id).memory_state is MemoryState.PENDING
    runner.mode = MemoryMode.ON
    assert runner.wait_idle(WAIT)
    assert bank.message(queued.id).memory_state is MemoryState.DONE


def test_a_model_that_cannot_be_loaded_is_told_as_a_status(
    runner: Runner, engine: FakeEngine, listener: Listener
) -> None:
    engine.crash_next(ModelError("model.gguf is truncated."))
    runner.start()
    assert runner.wait_idle(WAIT)
    status = listener.events[-1]
    assert isinstance(status, EngineChanged)
    assert (status.status.model_state, status.status.error) == (
        LoadState.FAILED,
        "model.gguf is truncated.",
    )


def test_a_full_disk_blocks_memory_work_and_loses_nothing(
    runner: Runner, bank: Bank, listener: Listener, chat_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise StorageFullError("No space is left.")

    monkeypatch.setattr(bank, "save_facts", full)
    queued = runner.assistant.submit(chat_id, "I live in Porto.")
    runner.start()
    listener.wait_for(MemoryFailed)
    assert runner.wait_idle(WAIT)
    assert bank.message(queued.id).memory_state is MemoryState.PENDING


def test_an_error_that_nobody_expected_is_told_and_the_next_message_answered(
    runner: Runner, bank: Bank, listener: Listener, chat_id: int
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a bug")

    runner.start()
    runner.call(broken)
    listener.wait_for(AnswerFailed)
    runner.send(chat_id, "Still there?")
    listener.wait_for(AnswerFinished)
    assert bank.messages(chat_id)[-1].role == "assistant"


def test_a_blank_message_is_refused_on_the_callers_thread(runner: Runner, chat_id: int) -> None:
    with pytest.raises(UsageError):
        runner.send(chat_id, "  ")


def test_work_that_needs_the_engine_runs_between_generations(
    runner: Runner, bank: Bank, chat_id: int
) -> None:
    runner.start()
    runner.call(lambda: assert_event(runner.assistant.remember("The user likes tea.")))
    assert runner.wait_idle(WAIT)
    assert [memory.text for memory in bank.memories()] == ["The user likes tea."]


def assert_event(event: object) -> None:
    assert event is not None


@pytest.mark.parametrize("busy", [False, True])
def test_close_is_quick_whatever_is_going_on(
    bank: Bank, listener: Listener, chat_id: int, busy: bool
) -> None:
    engine = FakeEngine(token_delay=0.02, default_replies={Role.ANSWER: "word " * 400})
    runner = Runner(Assistant(bank, engine, Settings()), listener)
    runner.start()
    if busy:
        runner.send(chat_id, "Talk")
        listener.wait_for(AnswerDelta)
    started = time.monotonic()
    runner.close()
    assert time.monotonic() - started < 1.0
    assert runner.wait_idle(0)


def test_decisions_arrive_already_committed(bank: Bank, engine: FakeEngine, chat_id: int) -> None:
    seen: list[bool] = []

    def listen(event: TurnEvent) -> None:
        if isinstance(event, Decided):
            seen.append(bank.memory(event.event.memory_id or 0).text == event.event.new)

    engine.enqueue("The user lives in Porto.", role=Role.MEMORY)
    runner = Runner(Assistant(bank, engine, Settings()), listen)
    runner.start()
    runner.send(chat_id, "I live in Porto.")
    assert runner.wait_idle(WAIT)
    runner.close()
    assert seen == [True]
