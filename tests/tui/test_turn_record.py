"""What a turn, its footer and the status bar say, event by event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from memchat.bank.types import Actor, Delivery, Event, Fact, Hit, MemoryState, Message, Op
from memchat.engine.protocol import EngineStatus, Finished, LoadState
from memchat.errors import EngineError
from memchat.tui.footer import footer
from memchat.tui.status import Status
from memchat.tui.turn_record import MemoryPhase, Phase, TurnRecord, badge
from memchat.turn import (
    AnswerDelta,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    Cited,
    ContextTrimmed,
    Decided,
    EngineChanged,
    EngineRestarting,
    FactsExtracted,
    MemoryFailed,
    MemoryFinished,
    MemoryMode,
    MemoryStarted,
    Retrieved,
    Thinking,
    TurnEvent,
)

AT = datetime(2026, 3, 14, tzinfo=UTC)
QUESTION = Message(1, 1, "user", "Where do I live?", AT, memory_state=MemoryState.PENDING)
REPLY = Message(2, 1, "assistant", "In Porto.", AT, reply_to=1)
STATS = Finished("stop", 100, 0, 20, 0.5, 0.5)
READY = EngineStatus(LoadState.READY, LoadState.READY, "tiny", context_tokens=8192)


def hit(number: int, kind: str = "memory") -> Hit:
    return Hit(kind, number, "text", AT, 1.0)  # type: ignore[arg-type]


def event(op: Op, number: int = 1) -> Event:
    return Event(number, op, Actor.MANAGER, AT, memory_id=number)


def turn(*events: TurnEvent, question: Message = QUESTION) -> TurnRecord:
    record = TurnRecord(question, memory=MemoryPhase.QUEUED)
    for each in events:
        record.apply(each)
    return record


ANSWERED = (
    Retrieved(1, (hit(3), hit(4), hit(9, "turn"))),
    Cited(1, (hit(3),)),
    AnswerStarted(1, 2),
    AnswerDelta(1, "In "),
    AnswerDelta(1, "Porto."),
    AnswerFinished(1, REPLY, STATS),
)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((), "queued"),
        ((Retrieved(1, ()),), "thinking…"),
        ((Thinking(1, 40, 100),), "thinking 40 of 100 tokens"),
        ((AnswerDelta(1, "In"),), "answering…"),
        ((ContextTrimmed(1),), "context trimmed"),
        ((MemoryStarted(1),), "checking memory…"),
        ((AnswerFailed(1, EngineError("Bad.")),), "failed, F5 tries again"),
        (
            (AnswerFinished(1, replace(REPLY, delivery=Delivery.STOPPED), STATS),),
            "stopped, F5 answers again",
        ),
    ],
)
def test_every_state_has_a_word(events: tuple[TurnEvent, ...], words: str) -> None:
    assert words in footer(turn(*events))


def test_a_finished_turn_says_what_it_used_and_how_fast_it_was() -> None:
    record = turn(*ANSWERED, MemoryStarted(1), Decided(1, event(Op.ADD)), MemoryFinished(1))
    assert footer(record) == (
        "2 memories and 1 earlier turn used · 1 cited · +1 · 40 tok/s · 1.0 s"
    )
    assert record.answer == "In Porto."


def test_a_turn_without_news_says_so() -> None:
    assert "nothing new to remember" in footer(turn(*ANSWERED, MemoryFinished(1)))


def test_used_is_said_only_when_something_was() -> None:
    assert "used" not in footer(turn(Retrieved(1, ()), *ANSWERED[2:]))


def test_a_restarted_answer_begins_anew() -> None:
    record = turn(AnswerStarted(1, 2), AnswerDelta(1, "In Por"), *ANSWERED[:4])
    assert record.answer == "In "


def test_a_stop_stays_visible_until_the_reply_ends() -> None:
    record = turn(AnswerDelta(1, "In"))
    record.phase = Phase.STOPPING
    record.apply(AnswerDelta(1, " Porto"))
    assert record.phase is Phase.STOPPING
    record.apply(AnswerFinished(1, replace(REPLY, delivery=Delivery.STOPPED), STATS))
    assert record.phase is Phase.STOPPED


@pytest.mark.parametrize(
    ("delivery", "phase"),
    [
        (Delivery.COMPLETE, Phase.ANSWERED),
        (Delivery.PARTIAL, Phase.STOPPED),
        (Delivery.FAILED, Phase.FAILED),
    ],
)
def test_a_turn_read_back_says_how_it_ended(delivery: Delivery, phase: Phase) -> None:
    assert TurnRecord.saved(QUESTION, replace(REPLY, delivery=delivery)).phase is phase


def test_a_message_that_a_crash_left_unanswered_offers_an_answer() -> None:
    assert "no answer, F5 answers it" in footer(TurnRecord.saved(QUESTION, None))


def test_the_badge_counts_what_still_holds() -> None:
    undone = replace(event(Op.ADD, 2), undone_by=9)
    operations = [event(Op.ADD), undone, event(Op.DELETE), event(Op.UPDATE), event(Op.NOOP)]
    assert badge(operations) == "+1 −1 ~1"


def test_the_status_bar_follows_the_engine() -> None:
    status = Status()
    assert status.state == "loading model"
    status.turn = turn()
    assert status.state == "loading model, message queued"
    status.apply(EngineChanged(READY))
    status.turn = None
    assert (status.model, status.state) == ("tiny", "ready")
    status.apply(EngineRestarting(EngineError("Died.")))
    assert status.state == "restarting model"
    status.apply(AnswerFinished(1, REPLY, STATS))
    assert (status.state, status.context, status.speed) == ("ready", "ctx 120/8.2k", "40 tok/s")
    status.apply(EngineChanged(replace(READY, model_state=LoadState.FAILED, error="No file.")))
    assert status.state == "model failed"


def test_the_status_bar_follows_the_memory() -> None:
    status = Status()
    assert status.memory == "memory on"
    status.apply(MemoryStarted(1))
    status.apply(FactsExtracted(1, (Fact("x"),)))
    assert status.memory == "memory working"
    status.apply(MemoryFinished(1))
    assert status.memory == "memory on"
    status.apply(MemoryFailed(1, EngineError("Bad.")))
    assert status.memory == "memory failed"
    status.mode = MemoryMode.PAUSED
    assert status.memory == "memory paused"
