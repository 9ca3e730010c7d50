"""A bank in memory that can be tried out on: saved, restored, and changed without consequence."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from memchat.bank.bank import Bank
from memchat.bank.connection import IN_MEMORY, Database
from memchat.bank.times import now

Snapshot = bytes
"""A bank as it stood, packed."""

_LEVEL = 1
"""Mostly zeros and vectors: what little more compression gains is not worth its time."""


class _Memory(Database):
    def __init__(self) -> None:
        super().__init__(IN_MEMORY)

    def dump(self) -> bytes:
        return self._writer.serialize("main")

    def load(self, contents: bytes) -> None:
        self._writer.deserialize("main", contents)


class _UndoError(Exception):
    """Ends a trial."""


class TrialBank(Bank):
    """The runtime's bank. Saving and restoring take milliseconds, undoing next to nothing."""

    def __init__(self) -> None:
        self._memory = _Memory()
        super().__init__(self._memory, now)

    def snapshot(self) -> Snapshot:
        """Everything in the bank."""
        return zlib.compress(self._memory.dump(), _LEVEL)

    def restore(self, snapshot: Snapshot) -> None:
        """Be as the bank was when `snapshot` was made."""
        self._memory.load(zlib.decompress(snapshot))

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Whatever is done inside is undone at the end: the transaction is rolled back."""
        with suppress(_UndoError), self._memory.transaction():
            yield
            raise _UndoError
