"""Lets one memchat know that another works on the same data directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from memchat import paths


@contextmanager
def announced() -> Iterator[None]:
    """Be seen by `others_running`. Does nothing where the directory cannot be written."""
    descriptor: int | None = None
    with suppress(OSError):
        descriptor = _open()
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def others_running() -> bool:
    """Whether another process is `announced` on this data directory."""
    if not _file().exists():
        return False
    descriptor = _open()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _file() -> Path:
    return paths.data_dir() / "memchat.lock"


def _open() -> int:
    return os.open(_file(), os.O_RDWR | os.O_CREAT, 0o600)
