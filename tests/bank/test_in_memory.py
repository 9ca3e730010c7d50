"""A bank without a file does what one with a file does, and touches no disk."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from tests.bank.builders import DIMENSION, MODEL, added, deleted, said, texts, updated, vector


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank.in_memory() as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        yield bank
        assert bank.integrity() == []


def test_everything_works(bank: Bank) -> None:
    message = said(bank, "I live in Porto.")
    lisbon = updated(bank, added(bank, "Lives in Porto.", message.id), "Lives in Lisbon.")
    assert lisbon.memory_id
    deleted(bank, added(bank, "Has a cat."))
    assert bank.undo().new == "Has a cat."
    assert bank.search("Lisbon", vector("Lisbon"))[0].text == "Lives in Lisbon."
    assert bank.forget(lisbon.memory_id) > 0
    assert texts(bank) == ["Has a cat."]


def test_each_is_its_own(bank: Bank) -> None:
    added(bank, "Lives in Porto.")
    with Bank.in_memory() as other:
        assert other.is_empty()


def test_what_fails_leaves_nothing(bank: Bank) -> None:
    with suppress(RuntimeError), bank._db.transaction():
        bank.create_chat()
        raise RuntimeError
    assert bank.chats() == []


def test_threads_share_it(bank: Bank) -> None:
    """Each write is a chat with its message; no reader sees one without the other."""

    def write(number: int) -> None:
        with bank._db.transaction():
            chat = bank.create_chat(title=str(number))
            said(bank, f"Message {number}.", chat.id)

    def read(_number: int) -> set[int]:
        return {chat.messages for chat in bank.chats()}

    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(write, number) for number in range(40)]
        seen = list(pool.map(read, range(100)))
        for done in writes:
            done.result()
    assert set().union(*seen) <= {1}
    assert len(bank.chats()) == 40


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_no_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = open_files()
    with Bank.in_memory() as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        ids = [added(bank, f"Fact {number}. " + "long " * 1000) for number in range(100)]
        bank.forget(ids[0])  # rewrites the whole database
        bank.search("fact", vector("fact"))
        assert open_files() == before
    assert list(tmp_path.iterdir()) == []


def open_files() -> set[Path]:
    """What the process has open; the descriptor of the listing itself is gone by then."""
    found: set[Path] = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(entry.readlink())
    return found
