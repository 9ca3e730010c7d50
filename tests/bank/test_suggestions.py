from __future__ import annotations

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Actor, Op, State
from memchat.errors import UsageError
from tests.bank.builders import SAID_AT, added, deleted, said, texts, updated, vector


@pytest.fixture
def pinned(bank: Bank) -> int:
    memory_id = added(bank, "The user is allergic to peanuts.")
    bank.pin(memory_id, True)
    return memory_id


def test_the_manager_only_suggests_changes_to_a_pinned_memory(bank: Bank, pinned: int) -> None:
    before = bank.memory(pinned)
    update = updated(bank, pinned, "The user is allergic to nuts.")
    delete = deleted(bank, pinned)
    assert (update.op, update.proposed, update.new) == (
        Op.SUGGEST,
        "UPDATE",
        "The user is allergic to nuts.",
    )
    assert (delete.op, delete.proposed) == (Op.SUGGEST, "DELETE")
    assert bank.memory(pinned) == before
    assert bank.suggestions() == [update, delete]


def test_the_manager_only_suggests_changes_to_what_the_user_wrote(bank: Bank) -> None:
    event = bank.add("The user has a dog.", vector=vector("dog"))
    assert deleted(bank, event.memory_id or 0).op is Op.SUGGEST


def test_an_accepted_suggestion_is_carried_out_by_the_user(bank: Bank, pinned: int) -> None:
    message = said(bank, "I am allergic to all nuts")
    suggestion = updated(bank, pinned, "The user is allergic to nuts.", message.id)
    event = bank.accept(suggestion.id)
    assert (event.op, event.actor) == (Op.UPDATE, Actor.USER)
    memory = bank.memory(event.memory_id or 0)
    assert (memory.text, memory.pinned, memory.source_message, memory.valid_from) == (
        "The user is allergic to nuts.",
        True,
        message.id,
        SAID_AT,
    )
    assert bank.search("x", vector(memory.text))[0].similarity == pytest.approx(1.0)
    assert bank.suggestions() == []
    with pytest.raises(UsageError):
        bank.accept(suggestion.id)


def test_an_accepted_delete_can_be_undone(bank: Bank, pinned: int) -> None:
    bank.accept(deleted(bank, pinned).id)
    assert bank.memory(pinned).state is State.DELETED
    bank.undo()
    assert bank.memory(pinned).state is State.ACTIVE
    assert bank.suggestions() == []


def test_a_dismissed_suggestion_is_settled(bank: Bank, pinned: int) -> None:
    suggestion = deleted(bank, pinned)
    assert bank.dismiss(suggestion.id).op is Op.DISMISS
    assert bank.suggestions() == []
    with pytest.raises(UsageError):
        bank.dismiss(suggestion.id)


def test_a_suggestion_about_a_hidden_memory_waits(bank: Bank, pinned: int) -> None:
    suggestion = updated(bank, pinned, "The user is allergic to nuts.")
    bank.delete(pinned)
    assert bank.suggestions() == []
    with pytest.raises(UsageError, match="not active"):
        bank.accept(suggestion.id)
    bank.undo()
    assert bank.suggestions() == [suggestion]
    bank.accept(suggestion.id)
    assert texts(bank) == ["The user is allergic to nuts."]
