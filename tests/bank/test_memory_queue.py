from __future__ import annotations

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Fact, MemoryState, Op, Operation
from memchat.errors import StaleFactError
from tests.bank.builders import SAID_AT, said, vector

FACTS = [Fact("Likes tea", "user"), Fact("Lives in Porto")]


def test_the_queue_is_worked_off_oldest_first(bank: Bank) -> None:
    one, two = said(bank, "one"), said(bank, "two")
    said(bank, "never queued", queued=False)
    assert bank.pending_count() == 2
    assert bank.pending() == [bank.message(one.id)]
    assert bank.pending(two.chat_id) == [bank.message(two.id)]
    bank.finish_memory(one.id)
    assert [m.id for m in bank.pending(limit=9)] == [two.id]


def test_facts_survive_until_they_are_decided(bank: Bank) -> None:
    message = said(bank, "I like tea")
    bank.save_facts(message.id, FACTS)
    kept = bank.message(message.id)
    assert (kept.memory_state, kept.facts, kept.facts_done) == (
        MemoryState.EXTRACTED,
        tuple(FACTS),
        0,
    )
    with pytest.raises(StaleFactError):
        bank.save_facts(message.id, [])


def test_a_fact_is_decided_once(bank: Bank) -> None:
    message = said(bank, "I like tea")
    bank.save_facts(message.id, FACTS)
    add = Operation(Op.ADD, FACTS[0], "The user likes tea.")
    bank.apply(add, vector=vector("tea"), message_id=message.id, fact_index=0)
    with pytest.raises(StaleFactError):
        bank.apply(add, vector=vector("tea"), message_id=message.id, fact_index=0)
    assert len(bank.memories()) == 1
    assert bank.message(message.id).facts_done == 1


def test_a_failed_message_is_retried_where_it_stopped(bank: Bank) -> None:
    fresh, extracted = said(bank, "one"), said(bank, "two")
    bank.save_facts(extracted.id, FACTS)
    for message in (fresh, extracted):
        bank.fail_memory(message.id, "the engine crashed")
    assert bank.pending() == []
    assert bank.message(fresh.id).failure == "the engine crashed"
    assert bank.retry_failed() == 2
    assert bank.message(fresh.id).memory_state is MemoryState.PENDING
    assert bank.message(extracted.id).memory_state is MemoryState.EXTRACTED
    assert bank.message(fresh.id).failure == ""


def test_turns_are_indexed_once(bank: Bank) -> None:
    chat = bank.create_chat()
    message = bank.add_message(chat.id, "user", "I like tea", said_at=SAID_AT)
    bank.add_message(chat.id, "assistant", "Noted.", said_at=SAID_AT)
    assert [m.id for m in bank.unindexed_turns(9)] == [message.id]
    bank.index_turn(message.id, vector("I like tea"))
    bank.index_turn(message.id, vector("I like tea"))
    assert bank.unindexed_turns(9) == []
    assert [hit.id for hit in bank.search("tea", None)] == [message.id]
