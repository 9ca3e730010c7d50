"""The database file: opened, shared between threads, its errors in our words.

A write uses one connection, everything else another: WAL lets reads go on during a write.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from memchat import paths
from memchat.bank import schema
from memchat.bank.failures import translated
from memchat.errors import DatabaseBusyError, ReadOnlyError, StorageError

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process's write."""

IN_MEMORY = Path(":memory:")
"""Instead of a path: a database that never touches the disk and ends with its connection."""

Row = tuple[Any, ...]
Values = Sequence[Any]


class Database:
    """Two connections to one file, or one to memory; safe to use from any thread."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.claimed_model: str | None = None
        """Where this process's vectors come from; those of another model are refused."""
        self._write_lock = threading.RLock()
        self._read_lock = threading.RLock()
        self._writing_thread: int | None = None
        with translated(path):
            if path == IN_MEMORY:
                self._writer = self._reader = _connect_in_memory()
                self._read_lock = self._write_lock  # nobody reads what is half written
            elif read_only:
                self._writer = self._reader = _connect_read_only(path)
            else:
                self._writer = _connect_and_migrate(path)
                self._reader = _connect(str(path), apsw.SQLITE_OPEN_READWRITE)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside commits, or nothing does. One inside another joins it.

        Raises DatabaseBusyError when another process writes for longer than the timeout.
        """
        if self.read_only:
            raise ReadOnlyError(
                f"{self.path} is open for reading only.",
                "Make the file and its directory writable to change anything.",
            )
        with self._write_lock, translated(self.path):
            if self._writing_thread is not None:
                yield
                return
            self._writer.execute("BEGIN IMMEDIATE")
            self._writing_thread = threading.get_ident()
            try:
                yield
                self._writer.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after a full disk or an I/O error.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                self._writing_thread = None

    def query(self, sql: str, values: Values = ()) -> list[Row]:
        """All rows. Inside a transaction it sees what that transaction wrote."""
        if self._writing_thread == threading.get_ident():
            return list(self._writer.execute(sql, values))
        with self._read_lock, translated(self.path):
            return list(self._reader.execute(sql, values))

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """The first row, if any."""
        rows = self.query(sql, values)
        return rows[0] if rows else None

    def value(self, sql: str, values: Values = ()) -> Any:  # noqa: ANN401 - whatever SQL holds
        """The first column of the first row; None without a row."""
        row = self.row(sql, values)
        return row[0] if row else None

    def write(self, sql: str, values: Values = ()) -> int:
        """Run one statement of the current transaction; how many rows it changed."""
        self._require_transaction()
        self._writer.execute(sql, values)
        return self._writer.changes()

    def insert(self, sql: str, values: Values = ()) -> int:
        """Run one INSERT of the current transaction; the new row's id."""
        self._require_transaction()
        self._writer.execute(sql, values)
        return self._writer.last_insert_rowid()

    def quick_check(self) -> list[str]:
        """What SQLite finds wrong with the file.

        On a connection of its own: FTS5 checks against what a connection has cached, also when
        another one has changed the index since.
        """
        with self._read_lock, translated(self.path):
            is_file = self.path != IN_MEMORY
            connection = _open_read_only(self.path) if is_file else self._reader
            found = [row[0] for row in connection.execute("PRAGMA quick_check")]
            if is_file:
                connection.close()
        return [] if found == ["ok"] else found

    def erase_traces(self) -> None:
        """Rewrite the file from its live rows and cut the write-ahead log to nothing.

        secure_delete zeroes what is deleted, but not the stale copies of rows that rebuilding a
        page leaves behind; VACUUM does. Raises DatabaseBusyError when another process reads an
        older state for too long.
        """
        with self._write_lock, self._read_lock, translated(self.path):
            self._writer.execute("VACUUM")
            row = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").get
            if row[0]:
                raise DatabaseBusyError(
                    "The entry is erased, but another memchat keeps older pages in the log.",
                    "Close the other memchat: the log is emptied when the last one closes.",
                )

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    def _require_transaction(self) -> None:
        if self._writing_thread != threading.get_ident():
            raise RuntimeError("a write outside a transaction")


def _connect_and_migrate(path: Path) -> apsw.Connection:
    _create(path)
    connection = _connect(str(path), apsw.SQLITE_OPEN_READWRITE)
    if connection.readonly("main"):
        raise ReadOnlyError(f"{path} cannot be written.", "Make the file writable.")
    schema.version(connection)  # before anything is written to a file that may not be ours
    _use_write_ahead_log(connection)
    schema.migrate(connection)
    return connection


def _connect_in_memory() -> apsw.Connection:
    connection = _connect(str(IN_MEMORY), apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
    connection.pragma("temp_store", "MEMORY")  # else a VACUUM or a large sort makes a file
    schema.migrate(connection)
    return connection


def _connect(name: str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(name, flags | apsw.SQLITE_OPEN_URI)
    connection.set_busy_timeout(int(BUSY_TIMEOUT * 1000))
    connection.enable_load_extension(True)
    connection.load_extension(_sqlite_vec())
    connection.enable_load_extension(False)
    connection.create_scalar_function("casefold", _casefold, 1, deterministic=True)
    connection.pragma("foreign_keys", True)
    connection.pragma("synchronous", "FULL")
    connection.pragma("secure_delete", True)
    return connection


@cache
def _sqlite_vec() -> str:
    """What `sqlite_vec.loadable_path()` says; importing that package would import numpy."""
    spec = find_spec("sqlite_vec")
    if spec is None or spec.origin is None:
        raise StorageError("sqlite-vec is not installed.", "Install memchat again.")
    return str(Path(spec.origin).with_name("vec0"))


def _casefold(*values: object) -> str:
    """LIKE and lower() know only ASCII."""
    return str(values[0]).casefold()


def _connect_read_only(path: Path) -> apsw.Connection:
    if not path.exists():
        raise StorageError(f"There is no database at {path}.", "Start memchat once to create it.")
    connection = _open_read_only(path)
    if schema.version(connection) < len(schema.MIGRATIONS):
        raise ReadOnlyError(
            "The database needs an upgrade, and it is open for reading only.",
            "Make the file and its directory writable, then start memchat once.",
        )
    return connection


def _open_read_only(path: Path) -> apsw.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        connection = _connect(uri, apsw.SQLITE_OPEN_READONLY)
        connection.pragma("user_version")
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        # Without a log and without the right to create one, nobody can be writing either.
        if Path(f"{path}-wal").exists():
            raise
        connection = _connect(f"{uri}&immutable=1", apsw.SQLITE_OPEN_READONLY)
    return connection


def _create(path: Path) -> None:
    """An empty file of mode 0600 where there is none; SQLite gives its log files the same mode."""
    try:
        paths.make_private(path.parent)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise ReadOnlyError(
            f"{path} cannot be created: {error.strerror}.",
            "Make the directory writable, or set MEMCHAT_HOME to another one.",
        ) from error


def _use_write_ahead_log(connection: apsw.Connection) -> None:
    """Changing the journal mode does not wait for locks, so this does."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while connection.pragma("journal_mode") != "wal":
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
