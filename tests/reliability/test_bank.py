"""What the bank acknowledged is there, whatever happens to the process or the disk."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.errors import StorageFullError
from tests.bank.builders import DIMENSION, MODEL, added, said, texts

ROUNDS = 12
ROOT = Path(__file__).parents[2]

WRITER = """
import itertools, sys
from pathlib import Path
from memchat.bank.bank import Bank
from tests.bank.builders import DIMENSION, MODEL, added, said, updated, vector

bank = Bank.open(Path(sys.argv[1]))
bank.claim_embedding(MODEL, DIMENSION)
chat = bank.create_chat()
print("ready", flush=True)
for n in range(int(sys.argv[3])) if len(sys.argv) > 3 else itertools.count():
    text = f"fact {sys.argv[2]} {n}"
    message = said(bank, text, chat.id)
    print("message", message.id, text, sep="|", flush=True)
    memory_id = added(bank, text, message.id)
    print("memory", memory_id, text, sep="|", flush=True)
    match n % 4:
        case 0:
            memory_id = updated(bank, memory_id, text + " updated").memory_id
            print("memory", memory_id, text + " updated", sep="|", flush=True)
        case 1:
            bank.edit(memory_id, text + " edited", vector=vector(text))
            print("memory", memory_id, text + " edited", sep="|", flush=True)
        case 2:
            bank.undo()
    bank.finish_memory(message.id)
"""


def _start_writer(path: Path, name: object, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(name), *more],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _acknowledged(output: str) -> dict[tuple[str, int], str]:
    """The last whole line about each row."""
    found: dict[tuple[str, int], str] = {}
    for line in output.splitlines(keepends=True):
        if line.endswith("\n") and line.count("|") == 2:
            kind, id_, text = line.rstrip("\n").split("|")
            found[kind, int(id_)] = text
    return found


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "memchat.db"
    random_ = random.Random(2023)
    acknowledged: dict[tuple[str, int], str] = {}
    for round_ in range(ROUNDS):
        writer = _start_writer(path, round_)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(random_.uniform(0.02, 0.35))
        writer.send_signal(signal.SIGKILL)
        acknowledged |= _acknowledged(writer.communicate()[0])
        _assert_kept(path, acknowledged)
    assert len(acknowledged) > ROUNDS * 5


def _assert_kept(path: Path, acknowledged: dict[tuple[str, int], str]) -> None:
    with Bank.open(path) as bank:
        assert bank.integrity() == []
        memories = {memory.id: memory.text for memory in bank.memories(state=None)}
        for (kind, id_), text in acknowledged.items():
            if kind == "message":
                assert bank.message(id_).text == text
            else:
                # The kill may have come after the next change's commit, before its line.
                assert memories[id_] in {text, f"{text} edited"}


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path, count = tmp_path / "memchat.db", 40
    writers = [_start_writer(path, name, str(count)) for name in ("a", "b", "c")]
    acknowledged: dict[tuple[str, int], str] = {}
    for writer in writers:
        output = writer.communicate(timeout=60)[0]
        assert writer.returncode == 0
        assert _acknowledged(output).keys().isdisjoint(acknowledged)
        acknowledged |= _acknowledged(output)
    assert sum(kind == "message" for kind, _ in acknowledged) == len(writers) * count
    _assert_kept(path, acknowledged)


def test_a_full_disk_is_named_and_leaves_the_database_whole(tmp_path: Path) -> None:
    path = tmp_path / "memchat.db"
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        pages = bank._db.value("PRAGMA page_count")
        bank._db._writer.pragma("max_page_count", pages + 60)
        kept = _fill(bank)
        assert texts(bank) == kept
        assert bank.integrity() == []
    with Bank.open(path) as bank:
        assert texts(bank) == kept
        added(bank, "there is room again")


def _fill(bank: Bank) -> list[str]:
    """Add until the disk is full; what was acknowledged, newest first."""
    kept: list[str] = []
    for n in range(10_000):
        text = f"fact {n} " * 50
        try:
            added(bank, text, said(bank, text).id)
        except StorageFullError:
            return kept
        kept.insert(0, text.strip())
    pytest.fail("the disk never filled up")


LIMITED = """
import resource, sys
from pathlib import Path
from memchat.bank.bank import Bank
from memchat.errors import StorageFullError
from tests.bank.builders import DIMENSION, MODEL, added

bank = Bank.open(Path(sys.argv[1]))
bank.claim_embedding(MODEL, DIMENSION)
limit = 3_000_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for n in range(10_000):
    try:
        added(bank, f"fact {n} " * 50)
    except StorageFullError:
        print("full")
        break
    print(n)
"""


def test_a_file_that_may_not_grow_is_as_good_as_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "memchat.db"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    *numbers, last = done.stdout.split()
    assert last == "full"
    with Bank.open(path) as bank:
        assert bank.integrity() == []
        assert len(bank.memories()) == len(numbers) > 10
