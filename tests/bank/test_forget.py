from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from memchat.bank.bank import Bank
from memchat.bank.connection import Database
from memchat.bank.forget import FORGOTTEN
from memchat.bank.types import Fact, MemoryState, Op
from memchat.engine.protocol import Vector
from memchat.errors import NotFoundError
from tests.bank.builders import DIMENSION, SAID_AT, added, deleted, said, texts, updated, vector

SECRET = "Zyxwvut"  # noqa: S105 - not a password


def _bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def _is_stored(vector: Vector, content: bytes) -> bool:
    """Whether four values in a row are found: a page boundary may cut through the vector."""
    stored = vector.astype("<f4").tobytes()
    return any(stored[i : i + 16] in content for i in range(0, len(stored), 16))


def _assert_gone(path: Path, *vectors: Vector) -> None:
    content = _bytes_on_disk(path)
    assert SECRET.encode() not in content
    assert SECRET.lower().encode() not in content  # as a token of FTS5
    assert not any(_is_stored(vector, content) for vector in vectors)


def _secret_vector(seed: int) -> Vector:
    """A unit vector whose values no other has."""
    values = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
    return np.asarray(values / np.linalg.norm(values), dtype=np.float32)


def test_a_forgotten_memory_is_gone_from_every_byte(bank: Bank, path: Path) -> None:
    title = f"My {SECRET} story"
    vectors = turn_vector, first, edited = [_secret_vector(n) for n in range(3)]
    message = bank.add_message(
        bank.create_chat(title=f"{title}…").id,
        "user",
        f"{title} is long",
        said_at=SAID_AT,
        memory_state=MemoryState.PENDING,
    )
    bank.index_turn(message.id, turn_vector)
    bank.save_facts(message.id, [Fact(f"Has {SECRET}")])
    memory_id = bank.add(f"{SECRET}!", vector=first, message_id=message.id).memory_id or 0
    bank.edit(memory_id, f"The user had {SECRET}.", vector=edited)
    bank.pin(memory_id, True)
    deleted(bank, memory_id, said(bank, f"No more {SECRET}").id)
    bank.record_use(message.id, bank.search(SECRET, edited), [])
    bank.undo(memory_id=memory_id)
    other = added(bank, "The user has a dog.")

    before = _bytes_on_disk(path)
    assert SECRET.encode() in before
    assert all(_is_stored(vector, before) for vector in vectors)
    assert bank.forget(memory_id) > 0
    _assert_gone(path, *vectors)

    redacted = bank.message(message.id)
    assert (redacted.text, redacted.facts, redacted.memory_state) == (
        FORGOTTEN,
        (),
        MemoryState.DONE,
    )
    assert bank.chat(message.chat_id).title == FORGOTTEN
    assert bank.uses(message.id) == []
    assert [memory.id for memory in bank.memories(state=None)] == [other]
    assert [event.op for event in bank.history(memory_id)] == [Op.FORGET]
    assert bank.unindexed_turns(9) == []
    with pytest.raises(NotFoundError):
        bank.forget(memory_id)


def test_all_versions_go_whichever_is_named(bank: Bank, path: Path) -> None:
    first = added(bank, f"{SECRET} one")
    second = updated(bank, first, f"{SECRET} two").memory_id or 0
    updated(bank, second, f"{SECRET} three")
    bank.undo()
    added(bank, "The user has a dog.")
    bank.forget(second)
    assert texts(bank) == ["The user has a dog."]
    _assert_gone(path)


def test_a_suggestion_goes_with_its_memory(bank: Bank, path: Path) -> None:
    memory_id = added(bank, "something")
    bank.pin(memory_id, True)
    updated(bank, memory_id, f"something {SECRET}")
    bank.forget(memory_id)
    assert bank.suggestions() == []
    _assert_gone(path)


def test_other_memories_of_the_same_turn_stay(bank: Bank) -> None:
    message = said(bank, "I have a dog and a cat")
    dog, cat = (added(bank, text, message.id) for text in ("has a dog", "has a cat"))
    bank.forget(dog)
    assert texts(bank) == ["has a cat"]
    assert bank.memory(cat).source_message == message.id
    assert bank.message(message.id).text == FORGOTTEN


def test_stale_copies_from_page_rebuilds_go_too(bank: Bank, path: Path) -> None:
    """Rows of many sizes, changed and forgotten: some pages keep copies of what moved."""
    random_ = random.Random(7)
    ids: list[int] = []
    for n in range(120):
        filling = "lorem " * random_.choice([1, 20, 200, 700])
        ids.append(added(bank, f"{filling} {SECRET if n % 30 == 0 else 'nothing'}"))
        if n % 3 == 0:
            bank.edit(ids[-1], bank.memory(ids[-1]).text + filling, vector=vector(str(n)))
    for memory_id in ids[::30]:
        bank.forget(memory_id)
    _assert_gone(path)


def test_a_forget_cut_short_is_finished_at_the_next_opening(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Database) -> None:
        raise KeyboardInterrupt

    bank = Bank.open(path)
    bank.claim_embedding("m", DIMENSION)
    memory_id = added(bank, SECRET)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "erase_traces", crash)
        with pytest.raises(KeyboardInterrupt):
            bank.forget(memory_id)
    with Bank.open(path):
        _assert_gone(path)
    bank.close()
