"""Errors a person can meet: what is wrong, what to do, and the exit code."""

from __future__ import annotations


class MemchatError(Exception):
    """Anything the user can be told about without a traceback.

    `message` says what is wrong, `hint` what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MemchatError):
    """The request itself makes no sense: a bad value, an unknown id, an empty message."""

    exit_code = 2


class NotFoundError(UsageError):
    """There is no memory, chat, message or event with that id."""


class StorageError(MemchatError):
    """The data directory or the database cannot be used as it is."""


class DatabaseCorruptError(StorageError):
    """The file is not a memchat database, or SQLite finds it damaged."""


class DatabaseBusyError(StorageError):
    """Another process holds the write lock for longer than the busy timeout."""


class StorageFullError(StorageError):
    """No space is left on the device."""


class ReadOnlyError(StorageError):
    """The data directory or the database cannot be written."""


class StaleFactError(StorageError):
    """Another process has decided this fact, or the message is no longer in the queue."""


class ModelError(MemchatError):
    """A GGUF file, adapter or embedding model cannot be used."""


class DownloadError(MemchatError):
    """A model cannot be fetched, or what came is not what was pinned."""


class EngineError(MemchatError):
    """Inference failed."""


class EngineCrashedError(EngineError):
    """The process that runs the models died; the request that was under way is lost."""


class ContextOverflowError(EngineError):
    """The prompt does not fit the context window."""


class IngestError(MemchatError):
    """A file of conversations or memories cannot be read; the message names file and line."""
