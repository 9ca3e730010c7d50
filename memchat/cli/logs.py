"""The log file: rotated, readable by its owner only, never in the way."""

from __future__ import annotations

import logging
import logging.handlers
import os
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from memchat import paths

_BYTES = 1_000_000


class _PrivateFileHandler(logging.handlers.RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        descriptor = _open_private(Path(self.baseFilename))
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")


def configure() -> None:
    """Send memchat's own log records to the log file, which is made with the first record."""
    logger = logging.getLogger("memchat")
    if logger.handlers:
        return
    handler = _PrivateFileHandler(
        paths.log_file(),
        maxBytes=_BYTES,
        backupCount=1,
        delay=True,
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.raiseExceptions = False  # a full disk must not write over the screen
    logger.addHandler(handler)
    logger.propagate = False


def silence() -> None:
    """Log nothing from now on, for what must leave no trace."""
    logger = logging.getLogger("memchat")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False


def record_crash() -> Path | None:
    """Log the exception being handled; where to, or None when nothing could be written."""
    configure()
    before = _size()
    logging.getLogger("memchat").exception("unexpected error")
    return paths.log_file() if _size() != before else None


def private_file() -> Path:
    """The log file, made now so that another process finds it private already.

    /dev/null after `silence`.
    """
    if any(isinstance(each, logging.NullHandler) for each in logging.getLogger("memchat").handlers):
        return Path(os.devnull)
    path = paths.log_file()
    with suppress(OSError):
        os.close(_open_private(path))
    return path


def _open_private(path: Path) -> int:
    paths.make_private(path.parent)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _size() -> int:
    try:
        return paths.log_file().stat().st_size
    except OSError:
        return -1
