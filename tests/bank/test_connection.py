from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from memchat.bank import connection, schema
from memchat.bank.bank import Bank
from memchat.bank.connection import Database
from memchat.errors import (
    DatabaseBusyError,
    DatabaseCorruptError,
    ReadOnlyError,
    StorageError,
)
from tests.bank.builders import DIMENSION, MODEL, added, said, texts, vector


def test_files_are_private(bank: Bank, path: Path) -> None:
    added(bank, "something")
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["memchat.db", "memchat.db-shm", "memchat.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_database_from_the_future_is_refused(path: Path) -> None:
    Bank.open(path).close()
    other = apsw.Connection(str(path))
    other.pragma("user_version", len(schema.MIGRATIONS) + 1)
    other.close()
    with pytest.raises(StorageError, match="schema version") as error:
        Bank.open(path)
    assert "newer memchat" in error.value.hint


def test_a_failing_migration_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def m002_broken(connection: apsw.Connection) -> None:
        connection.execute("CREATE TABLE half (done)")
        raise apsw.FullError("database or disk is full")

    Bank.open(path).close()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, m002_broken])
        with pytest.raises(StorageError):
            Bank.open(path)
    with Bank.open(path) as bank:
        assert bank.integrity() == []
        assert not bank._db.query("SELECT 1 FROM sqlite_schema WHERE name = 'half'")


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseCorruptError, match="another program"):
        Bank.open(path)
    assert path.read_bytes() == before


def _damaged(content: bytes) -> dict[str, bytes]:
    return {
        "random": os.urandom(8192),
        "text": b"this is not a database\n" * 100,
        "truncated": content[: len(content) // 2],
        "header": content[:60],
    }


@pytest.mark.parametrize("damage", ["random", "text", "truncated", "header"])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_damaged_file_is_named_and_left_untouched(
    path: Path, damage: str, read_only: bool
) -> None:
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        added(bank, "something")
    content = _damaged(path.read_bytes())[damage]
    path.write_bytes(content)
    with pytest.raises(DatabaseCorruptError, match=r"memchat\.db") as error:
        Bank.open(path, read_only=read_only)
    assert "backup" in error.value.hint
    assert path.read_bytes() == content


def test_damage_inside_is_found_by_integrity(path: Path) -> None:
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        for n in range(50):
            added(bank, f"something {n} " * 20)
    content = bytearray(path.read_bytes())
    pages = len(content) // 4096
    for page in range(pages - 20, pages):
        content[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(content)
    with Bank.open(path) as bank:
        assert bank.integrity() != []


def test_integrity_names_what_disagrees(path: Path) -> None:
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        one, two = added(bank, "one"), added(bank, "two")
        db = bank._db
        with db.transaction():
            db.write("UPDATE memories SET text = 'changed' WHERE id = ?", (one,))
            db.write("DELETE FROM memory_vectors WHERE id = ?", (two,))
            db.write("UPDATE memory_vectors SET active = 0 WHERE id = ?", (one,))
            db.write("DELETE FROM events WHERE memory_id = ?", (two,))
        found = "\n".join(bank.integrity())
    for expected in ("memory_fts", "row 2 has no entry", "row 1 and its entry", "memory 2 has no"):
        assert expected in found


def test_read_only_shows_and_refuses_to_change(path: Path) -> None:
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        added(bank, "The user has a dog.")
    with Bank.open(path, read_only=True) as bank:
        assert texts(bank) == ["The user has a dog."]
        assert len(bank.search("dog", vector("dog"))) == 1
        assert bank.integrity() == []
        with pytest.raises(ReadOnlyError, match="reading only"):
            bank.create_chat()
    with pytest.raises(StorageError, match="no database"):
        Bank.open(path.with_name("other.db"), read_only=True)


_AS_NOBODY = """
import os, sys
from pathlib import Path
from memchat.bank.bank import Bank
from memchat.errors import ReadOnlyError
path = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    Bank.open(path)
except ReadOnlyError as error:
    print(error.hint)
print([memory.text for memory in Bank.open(path, read_only=True).memories()])
"""


@pytest.mark.parametrize("modes", [(0o555, 0o644), (0o555, 0o444), (0o755, 0o444)])
def test_without_the_right_to_write(tmp_path: Path, modes: tuple[int, int]) -> None:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    path = tmp_path / "data" / "memchat.db"
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        added(bank, "The user has a dog.")
    path.parent.chmod(modes[0])
    path.chmod(modes[1])
    try:
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        path.parent.chmod(0o755)
    assert done.stdout.splitlines() == [
        "Make the file and its directory writable.",
        "['The user has a dog.']",
    ]


def test_a_locked_database_is_busy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.05)
    with Bank.open(path) as bank, Bank.open(path) as other:
        with bank._db.transaction():
            bank.create_chat(title="mine")
            with pytest.raises(DatabaseBusyError, match="locked"):
                other.create_chat()
            assert other.chats() == []
        assert [chat.title for chat in other.chats()] == ["mine"]


def test_reading_goes_on_while_another_thread_writes(bank: Bank, path: Path) -> None:
    written, done = threading.Event(), threading.Event()

    def write() -> None:
        with bank._db.transaction():
            said(bank, "uncommitted")
            written.set()
            done.wait(10)

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(10)
    assert bank.chats() == []
    done.set()
    thread.join()
    assert len(bank.chats()) == 1


def test_a_failed_transaction_is_rolled_back_whole(path: Path) -> None:
    database = Database(path)

    def fail_half_way() -> None:
        with database.transaction():
            database.write("INSERT INTO meta VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert database.query("SELECT * FROM meta") == []
    with pytest.raises(RuntimeError, match="outside a transaction"):
        database.write("DELETE FROM meta")
    database.close()
    database.close()


def test_many_threads_share_one_bank(bank: Bank) -> None:
    def work(n: int) -> None:
        for i in range(10):
            added(bank, f"fact {n} {i}")
            bank.search(f"fact {n}", vector(f"fact {n}"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bank.memories()) == 40
