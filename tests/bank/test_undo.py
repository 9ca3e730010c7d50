from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Memory, Op, State
from memchat.errors import UsageError
from tests.bank.builders import DIMENSION, MODEL, SAID_AT, added, deleted, texts, updated, vector


def _state(bank: Bank) -> list[Memory]:
    """All memories but for when they were touched last."""
    return [replace(memory, updated_at=SAID_AT) for memory in bank.memories(state=None)]


def _change(bank: Bank, memory_id: int, op: Op) -> int:
    match op:
        case Op.UPDATE:
            return updated(bank, memory_id, "The user has two dogs.").id
        case Op.DELETE:
            return deleted(bank, memory_id).id
        case Op.EDIT:
            return bank.edit(memory_id, "The user has a cat.", vector=vector("cat")).id
        case Op.UNPIN:
            return bank.pin(memory_id, False).id
        case _:
            return bank.pin(memory_id, True).id


@pytest.mark.parametrize("op", [Op.UPDATE, Op.DELETE, Op.EDIT, Op.PIN, Op.UNPIN])
def test_undo_and_redo_are_exact_inverses(bank: Bank, op: Op) -> None:
    memory_id = added(bank, "The user has a dog.")
    before = _state(bank)
    event_id = _change(bank, memory_id, op)
    after = _state(bank)
    undo = bank.undo(event_id)
    assert (undo.op, undo.undoes) == (Op.UNDO, event_id)
    assert _state(bank)[-1] == before[-1]
    assert texts(bank) == ["The user has a dog."]
    assert bank.search("dog", vector("The user has a dog."))[0].similarity == pytest.approx(1)
    assert bank.event(event_id).undone_by == undo.id
    redo = bank.undo(undo.id)
    assert _state(bank) == after
    assert bank.event(event_id).undone_by is None
    bank.undo(redo.id)
    assert _state(bank)[-1] == before[-1]
    assert bank.event(event_id).undone_by == undo.id


def test_undo_of_an_add_hides_the_memory(bank: Bank) -> None:
    memory_id = added(bank, "The user has a dog.")
    undo = bank.undo()
    assert bank.memory(memory_id).state is State.DELETED
    assert bank.search("dog", vector("The user has a dog.")) == []
    bank.undo(undo.id)
    assert texts(bank) == ["The user has a dog."]


def test_undo_walks_back_through_everything(bank: Bank) -> None:
    dog = added(bank, "The user has a dog.")
    cat = added(bank, "The user has a cat.")
    bank.edit(dog, "The user has a hound.", vector=vector("hound"))
    bank.delete(cat)
    undone = [bank.undo().undoes for _ in range(4)]
    assert undone == [4, 3, 2, 1]
    assert texts(bank) == []
    with pytest.raises(UsageError, match="nothing to undo"):
        bank.undo()


def test_undo_of_one_memory_leaves_the_others(bank: Bank) -> None:
    dog, cat = added(bank, "The user has a dog."), added(bank, "The user has a cat.")
    bank.delete(dog)
    bank.delete(cat)
    bank.undo(memory_id=dog)
    assert texts(bank) == ["The user has a dog."]


def test_undo_works_after_a_restart_and_without_an_embedder(path: Path) -> None:
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        memory_id = added(bank, "The user has a dog.")
        bank.edit(memory_id, "The user has a cat.", vector=vector("The user has a cat."))
    with Bank.open(path) as bank:
        bank.undo()
        assert bank.search("", vector("The user has a dog."))[0].similarity == pytest.approx(1)


def test_the_same_event_is_not_undone_twice(bank: Bank) -> None:
    memory_id = added(bank, "The user has a dog.")
    event = bank.delete(memory_id)
    undo = bank.undo(event.id)
    with pytest.raises(UsageError, match=f"by event {undo.id}"):
        bank.undo(event.id)


def test_an_event_that_others_stand_on_names_the_later_one(bank: Bank) -> None:
    memory_id = added(bank, "The user has a dog.")
    update = updated(bank, memory_id, "The user has two dogs.")
    with pytest.raises(UsageError, match=rf"by event {update.id} \(UPDATE\)"):
        bank.undo(1)
    bank.undo(update.id)
    bank.undo(1)
    assert texts(bank) == []


def test_a_redo_is_refused_once_the_memory_went_another_way(bank: Bank) -> None:
    memory_id = added(bank, "a")
    undo = bank.undo(bank.edit(memory_id, "b", vector=vector("b")).id)
    bank.edit(memory_id, "c", vector=vector("c"))
    with pytest.raises(UsageError, match="EDIT"):
        bank.undo(undo.id)
    assert texts(bank) == ["c"]


def test_undoing_earlier_bars_redoing_later(bank: Bank) -> None:
    memory_id = added(bank, "a")
    undo = bank.undo(bank.edit(memory_id, "b", vector=vector("b")).id)
    bank.undo(1)
    with pytest.raises(UsageError, match="UNDO"):
        bank.undo(undo.id)


def test_what_changed_nothing_cannot_be_undone(bank: Bank) -> None:
    memory_id = added(bank, "The user has a dog.")
    bank.pin(memory_id, True)
    suggestion = deleted(bank, memory_id)
    with pytest.raises(UsageError, match="SUGGEST"):
        bank.undo(suggestion.id)
    bank.forget(memory_id)
    with pytest.raises(UsageError, match="FORGET"):
        bank.undo(bank.events()[-1].id)
