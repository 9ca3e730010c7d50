"""Whatever is tried out on a bank leaves no trace."""

from __future__ import annotations

import pytest

from memchat.bank.types import MemoryState
from memchat.errors import NotFoundError
from tests.bank.builders import DIMENSION, MODEL, added, deleted, said, texts, updated, vector
from training.environment.bank import TrialBank


@pytest.fixture
def bank() -> TrialBank:
    bank = TrialBank()
    bank.claim_embedding(MODEL, DIMENSION)
    said(bank, "I have a dog called Buddy, and I live in Leeds.")
    added(bank, "The user has a dog called Buddy.")
    added(bank, "The user lives in Leeds.")
    return bank


def live_on(bank: TrialBank) -> None:
    """One of everything that the memory work does."""
    added(bank, "The user plays the violin.")
    updated(bank, 1, "The user has two dogs, Buddy and Scout.")
    deleted(bank, 2)
    message = said(bank, "I adopted another dog, Scout!")
    assert message.memory_state is MemoryState.PENDING


def found(bank: TrialBank, text: str) -> list[tuple[str, int]]:
    return [(hit.kind, hit.id) for hit in bank.search(text, vector(text), limit=9)]


def test_a_trial_is_undone_to_the_byte(bank: TrialBank) -> None:
    before, hits = bank.snapshot(), found(bank, "dog Buddy")
    with bank.trial():
        live_on(bank)
        assert "The user has two dogs, Buddy and Scout." in texts(bank)
        assert found(bank, "dog Buddy") != hits
    assert bank.snapshot() == before
    assert found(bank, "dog Buddy") == hits
    assert bank.integrity() == []


def fail(bank: TrialBank) -> None:
    with bank.trial():
        live_on(bank)
        bank.delete(99)


def test_a_trial_that_fails_is_undone_too(bank: TrialBank) -> None:
    before = bank.snapshot()
    with pytest.raises(NotFoundError):
        fail(bank)
    assert bank.snapshot() == before


def test_a_snapshot_brings_a_bank_back_in_another(bank: TrialBank) -> None:
    snapshot, hits = bank.snapshot(), found(bank, "Leeds")
    live_on(bank)
    other = TrialBank()
    for each in (bank, other):
        each.restore(snapshot)
        assert texts(each) == ["The user lives in Leeds.", "The user has a dog called Buddy."]
        assert found(each, "Leeds") == hits
        assert each.integrity() == []
        live_on(each)
        assert len(texts(each)) == 2
