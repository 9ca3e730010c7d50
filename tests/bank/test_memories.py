from __future__ import annotations

from datetime import timedelta

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Actor, Fact, Op, Operation, Provenance, State
from memchat.errors import StorageError, UsageError
from tests.bank.builders import SAID_AT, added, deleted, said, texts, updated, vector


def test_an_added_memory_knows_where_it_comes_from(bank: Bank) -> None:
    message = said(bank, "I adopted a dog")
    event = bank.apply(
        Operation(Op.ADD, Fact("Adopted a dog", "user"), "The user adopted a dog."),
        vector=vector("dog"),
        message_id=message.id,
        provenance=Provenance("smollm2", "memory-v1", "3"),
        at=SAID_AT,
    )
    memory = bank.memory(event.memory_id or 0)
    assert (memory.text, memory.subject, memory.source_message, memory.valid_from) == (
        "The user adopted a dog.",
        "user",
        message.id,
        SAID_AT,
    )
    assert not memory.edited
    assert (event.actor, event.fact, event.new) == (Actor.MANAGER, "Adopted a dog", memory.text)
    assert bank.events(message_id=message.id) == [event]
    assert event.provenance.adapter == "memory-v1"


def test_an_update_supersedes(bank: Bank) -> None:
    old = added(bank, "The user lives in Porto.")
    later = SAID_AT + timedelta(days=1)
    event = bank.apply(
        Operation(Op.UPDATE, Fact("Moved"), "The user lives in Lisbon.", target=old),
        vector=vector("Lisbon"),
        message_id=None,
        at=later,
    )
    before, after = bank.memory(old), bank.memory(event.memory_id or 0)
    assert (before.state, before.superseded_by, before.valid_to) == (
        State.SUPERSEDED,
        after.id,
        later,
    )
    assert (after.state, after.valid_from) == (State.ACTIVE, later)
    assert (event.old, event.new) == (before.text, after.text)
    assert bank.counts() == {State.ACTIVE: 1, State.SUPERSEDED: 1, State.DELETED: 0}
    assert [e.op for e in bank.history(old)] == [Op.ADD, Op.UPDATE]
    assert bank.history(old) == bank.history(after.id)


def test_a_deleted_memory_is_not_found_any_more(bank: Bank) -> None:
    memory_id = added(bank, "The user has a cat.")
    deleted(bank, memory_id)
    assert bank.memory(memory_id).state is State.DELETED
    assert bank.search("cat", vector("The user has a cat.")) == []
    assert bank.related("cat", vector("The user has a cat.")) == []


def test_a_noop_is_only_logged(bank: Bank) -> None:
    memory_id = added(bank, "The user has a cat.")
    before = bank.memory(memory_id)
    event = bank.apply(
        Operation(Op.NOOP, Fact("Has a cat"), target=memory_id, correction="duplicate"),
        vector=None,
        message_id=None,
    )
    assert (event.op, event.memory_id, event.correction) == (Op.NOOP, memory_id, "duplicate")
    assert bank.memory(memory_id) == before


def test_an_operation_on_a_lost_target_is_corrected(bank: Bank) -> None:
    memory_id = added(bank, "The user has a cat.")
    bank.delete(memory_id)
    update, delete = updated(bank, memory_id, "The user has two cats."), deleted(bank, memory_id)
    assert (update.op, update.proposed, update.correction) == (Op.ADD, "UPDATE", "target gone")
    assert (delete.op, delete.proposed, delete.correction) == (Op.NOOP, "DELETE", "target gone")
    assert texts(bank) == ["The user has two cats."]
    assert deleted(bank, 404).memory_id is None


def test_an_edit_is_in_place_and_marks_the_memory(bank: Bank) -> None:
    memory_id = added(bank, "The user has a dgo.")
    event = bank.edit(memory_id, " The user has a dog. ", vector=vector("The user has a dog."))
    memory = bank.memory(memory_id)
    assert (memory.text, memory.edited, event.old) == (
        "The user has a dog.",
        True,
        "The user has a dgo.",
    )
    assert [hit.id for hit in bank.search("dog", None)] == [memory_id]
    assert bank.search("dgo", None) == []


def test_an_update_carries_the_pin_over(bank: Bank) -> None:
    memory_id = added(bank, "The user has a dog.")
    bank.pin(memory_id, True)
    event = bank.apply(
        Operation(Op.UPDATE, Fact("x"), "The user has two dogs.", target=memory_id),
        vector=vector("dogs"),
        message_id=None,
        actor=Actor.USER,
    )
    assert bank.memory(event.memory_id or 0).pinned


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_memory_needs_a_text(bank: Bank, text: str) -> None:
    memory_id = added(bank, "something")
    with pytest.raises(UsageError):
        bank.add(text, vector=vector("x"))
    with pytest.raises(UsageError):
        bank.edit(memory_id, text, vector=vector("x"))
    with pytest.raises(UsageError):
        updated(bank, memory_id, text)
    assert texts(bank) == ["something"]


def test_what_is_not_active_cannot_be_changed(bank: Bank) -> None:
    memory_id = added(bank, "something")
    bank.delete(memory_id)
    with pytest.raises(UsageError, match="deleted, not active"):
        bank.delete(memory_id)
    with pytest.raises(UsageError, match="deleted, not active"):
        bank.pin(memory_id, True)
    with pytest.raises(UsageError, match="deleted, not active"):
        bank.edit(memory_id, "x", vector=vector("x"))


def test_a_refused_operation_leaves_no_trace(bank: Bank) -> None:
    with pytest.raises(UsageError, match="vector"):
        bank.apply(Operation(Op.ADD, Fact("x"), "x"), vector=None, message_id=None)
    with pytest.raises(StorageError, match="dimension"):
        bank.add("x", vector=vector("x")[:3])
    assert bank.memories(state=None) == []
    assert bank.events() == []


def test_memories_are_listed_newest_first_in_pages(bank: Bank) -> None:
    ids = [added(bank, f"fact {n}") for n in range(4)]
    assert [m.id for m in bank.memories(limit=2, offset=1)] == [ids[2], ids[1]]
    bank.delete(ids[0])
    assert [m.id for m in bank.memories(state=State.DELETED)] == [ids[0]]
    assert len(bank.memories(state=None)) == 4
