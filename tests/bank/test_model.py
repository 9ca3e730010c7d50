"""The bank against a model of it: any sequence of changes leaves both the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from memchat.bank.bank import Bank
from memchat.bank.types import Event, Op, State
from memchat.errors import UsageError
from tests.bank.builders import DIMENSION, MODEL, added, deleted, updated, vector

WORDS = st.sampled_from(["dog", "cat", "Porto", "Lisbon", "tea", "cello"])
PICK = st.integers(0, 1_000)


@dataclass(frozen=True)
class Entry:
    text: str
    state: State = State.ACTIVE
    pinned: bool = False
    edited: bool = False
    successor: int | None = None
    origin: int = 0
    """The first version of the entry: what is forgotten together."""


@dataclass(frozen=True)
class Step:
    """A change in force, with the entries it touched as they were before and after."""

    event: int
    before: dict[int, Entry]
    after: dict[int, Entry]


class BankMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self._path = Path(self._directory.name) / "memchat.db"
        self.bank = self._open()
        self.entries: dict[int, Entry] = {}
        self.done: list[Step] = []
        self.undone: list[tuple[int, Step]] = []
        """UNDO events that nothing has happened since, with what they took back."""

    def _open(self) -> Bank:
        bank = Bank.open(self._path)
        bank.claim_embedding(MODEL, DIMENSION)
        return bank

    def teardown(self) -> None:
        self.bank.close()
        self._directory.cleanup()

    def _active(self) -> list[int]:
        return [i for i, entry in self.entries.items() if entry.state is State.ACTIVE]

    def _pick(self, number: int) -> int:
        active = self._active()
        return active[number % len(active)]

    def _change(self, event: Event, after: dict[int, Entry]) -> None:
        before = {
            i: self.entries.get(i, replace(entry, state=State.DELETED))
            for i, entry in after.items()
        }
        self.done.append(Step(event.id, before, after))
        self.undone.clear()
        self.entries.update(after)

    @rule(word=WORDS)
    def add(self, word: str) -> None:
        new = added(self.bank, word)
        self._change(self.bank.events(limit=10_000)[-1], {new: Entry(word, origin=new)})

    @precondition(lambda self: self._active())
    @rule(number=PICK, word=WORDS)
    def update(self, number: int, word: str) -> None:
        target = self._pick(number)
        entry = self.entries[target]
        event = updated(self.bank, target, word)
        if entry.pinned or entry.edited:
            assert event.op is Op.SUGGEST
            return
        new = event.memory_id or 0
        superseded = replace(entry, state=State.SUPERSEDED, successor=new)
        self._change(event, {target: superseded, new: replace(entry, text=word)})

    @precondition(lambda self: self._active())
    @rule(number=PICK)
    def delete_by_manager(self, number: int) -> None:
        target = self._pick(number)
        entry = self.entries[target]
        event = deleted(self.bank, target)
        if entry.pinned or entry.edited:
            assert event.op is Op.SUGGEST
            return
        self._change(event, {target: replace(entry, state=State.DELETED)})

    @precondition(lambda self: self._active())
    @rule(number=PICK)
    def delete(self, number: int) -> None:
        target = self._pick(number)
        entry = replace(self.entries[target], state=State.DELETED)
        self._change(self.bank.delete(target), {target: entry})

    @precondition(lambda self: self._active())
    @rule(number=PICK, word=WORDS)
    def edit(self, number: int, word: str) -> None:
        target = self._pick(number)
        entry = replace(self.entries[target], text=word, edited=True)
        self._change(self.bank.edit(target, word, vector=vector(word)), {target: entry})

    @precondition(lambda self: self._active())
    @rule(number=PICK, pinned=st.booleans())
    def pin(self, number: int, pinned: bool) -> None:
        target = self._pick(number)
        entry = replace(self.entries[target], pinned=pinned)
        self._change(self.bank.pin(target, pinned), {target: entry})

    @rule()
    def undo_last(self) -> None:
        if not self.done:
            with pytest.raises(UsageError):
                self.bank.undo()
            return
        event = self.bank.undo()
        step = self.done.pop()
        assert event.undoes == step.event
        self.undone.append((event.id, step))
        self.entries.update(step.before)

    @precondition(lambda self: self.done)
    @rule(number=PICK)
    def undo_any(self, number: int) -> None:
        """Only what no later change stands on can be undone."""
        step = self.done[number % len(self.done)]
        later = self.done[number % len(self.done) + 1 :]
        if any(step.after.keys() & other.after.keys() for other in later):
            with pytest.raises(UsageError):
                self.bank.undo(step.event)
            return
        self.bank.undo(step.event)
        self.done.remove(step)
        self.undone.clear()
        self.entries.update(step.before)

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        event_id, step = self.undone.pop()
        self.bank.undo(event_id)
        self.done.append(step)
        self.entries.update(step.after)

    @precondition(lambda self: self.entries)
    @rule(number=PICK)
    def forget(self, number: int) -> None:
        target = list(self.entries)[number % len(self.entries)]
        origin = self.entries[target].origin
        self.bank.forget(target)
        gone = {i for i, entry in self.entries.items() if entry.origin == origin}
        self.entries = {i: e for i, e in self.entries.items() if i not in gone}
        self.done = [step for step in self.done if not step.after.keys() & gone]
        self.undone.clear()

    @rule()
    def restart(self) -> None:
        self.bank.close()
        self.bank = self._open()

    @invariant()
    def agrees(self) -> None:
        stored = {
            memory.id: (memory.text, memory.state, memory.pinned, memory.edited)
            for memory in self.bank.memories(state=None)
        }
        assert stored == {i: (e.text, e.state, e.pinned, e.edited) for i, e in self.entries.items()}
        for i, entry in self.entries.items():
            if entry.state is State.SUPERSEDED:
                assert self.bank.memory(i).superseded_by == entry.successor
        assert self.bank.integrity() == []

    @invariant()
    def finds_what_is_active(self) -> None:
        for i in self._active():
            hits = self.bank.related("", vector(self.entries[i].text), limit=4096)
            assert {hit.id for hit in hits} == set(self._active())
            best = next(hit for hit in hits if hit.id == i)
            assert best.similarity == pytest.approx(1.0, abs=1e-4)
            assert i in {hit.id for hit in self.bank.search(self.entries[i].text, None)}
            break


TestBankMachine = BankMachine.TestCase
TestBankMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
