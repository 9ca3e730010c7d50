"""SQLite's errors as ours: what is wrong and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from memchat.errors import (
    DatabaseBusyError,
    DatabaseCorruptError,
    MemchatError,
    ReadOnlyError,
    StorageError,
    StorageFullError,
)

_WRITE_FAILED = {apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_SHMSIZE, apsw.SQLITE_IOERR_TRUNCATE}
_VECTOR_NOT_INSERTED = "Internal sqlite-vec error: Could not insert"
"""sqlite-vec says this, and no more, when SQLite refuses it a page."""
_MEANINGS: list[tuple[tuple[type[apsw.Error], ...], type[StorageError], str, str]] = [
    (
        (apsw.CorruptError, apsw.NotADBError),
        DatabaseCorruptError,
        "{path} is damaged or not a memchat database.",
        "It was left untouched. Restore a backup, or move it away to start afresh.",
    ),
    (
        (apsw.BusyError, apsw.LockedError),
        DatabaseBusyError,
        "Another process keeps {path} locked.",
        "Wait for it, or close the other memchat.",
    ),
    (
        (apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError),
        ReadOnlyError,
        "{path} cannot be written.",
        "Make the file and its directory writable.",
    ),
    (
        (apsw.CantOpenError,),
        StorageError,
        "{path} cannot be opened.",
        "Check that it is a file and that you may read it.",
    ),
]


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's environmental errors inside as StorageErrors about `path`.

    Errors that only a bug can cause (bad SQL, a violated constraint) pass through.
    """
    try:
        yield
    except apsw.Error as error:
        ours = _translate(error, path)
        if ours is None:
            raise
        raise ours from error
    except PermissionError as error:
        raise StorageError(
            f"{path} cannot be opened: {error.strerror}.", "Check that you may read it."
        ) from error
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise _full(path) from error


def _translate(error: apsw.Error, path: Path) -> MemchatError | None:
    if isinstance(error, apsw.FullError) or _VECTOR_NOT_INSERTED in str(error):
        return _full(path)
    if isinstance(error, apsw.IOError):
        return _io_failure(error, path)
    for theirs, ours, message, hint in _MEANINGS:
        if isinstance(error, theirs):
            return ours(message.format(path=path), hint)
    return None


def _io_failure(error: apsw.IOError, path: Path) -> StorageError:
    # A quota or a file size limit fails the write without SQLite calling the disk full.
    if getattr(error, "extendedresult", None) in _WRITE_FAILED:
        return _full(path)
    return StorageError(
        f"Reading or writing {path} failed: {error}.",
        "Check the disk. What was acknowledged before is kept.",
    )


def _full(path: Path) -> StorageFullError:
    return StorageFullError(
        f"No space is left to write {path}.",
        "Free some disk space and try again. What was acknowledged before is kept.",
    )
