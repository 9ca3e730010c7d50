"""The memory bank: one SQLite file with everything memchat knows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from memchat.bank import integrity, search
from memchat.bank.connection import IN_MEMORY, Database
from memchat.bank.embedding import Embedding
from memchat.bank.forget import Forgetting
from memchat.bank.memory_queue import MemoryQueue
from memchat.bank.message_search import MessageSearch
from memchat.bank.operations import Operations
from memchat.bank.times import now
from memchat.bank.transfer import Transfer
from memchat.bank.types import Hit
from memchat.bank.undo import Undo
from memchat.engine.protocol import Vector
from memchat.errors import StorageError


class Bank(Transfer, MessageSearch, MemoryQueue, Operations, Undo, Forgetting, Embedding):
    """Chats, messages, memories and events. Safe to use from any thread.

    What a method has returned from is on the disk. Every method can raise the StorageErrors;
    ids that do not exist raise NotFoundError. All times are aware.
    """

    @classmethod
    def open(
        cls, path: Path, *, read_only: bool = False, clock: Callable[[], datetime] = now
    ) -> Self:
        """Open the database, creating (mode 0600) or migrating it unless `read_only`.

        Raises DatabaseCorruptError, ReadOnlyError, or StorageError for one from the future.
        """
        bank = cls(Database(path, read_only=read_only), clock)
        if not read_only:
            with suppress(StorageError):
                bank.erase_traces()
        return bank

    @classmethod
    def in_memory(cls, *, clock: Callable[[], datetime] = now) -> Self:
        """An empty bank of which not a byte reaches the disk; closing it is its end."""
        return cls(Database(IN_MEMORY), clock)

    @property
    def path(self) -> Path:
        return self._db.path

    @property
    def read_only(self) -> bool:
        return self._db.read_only

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._db.close()

    def integrity(self) -> list[str]:
        """What does not agree between rows, vectors, words and events; empty when all is well."""
        return integrity.problems(self._db)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def is_empty(self) -> bool:
        """Whether a search could find nothing: no active memory, no indexed turn."""
        found = self._db.row(
            """
            SELECT EXISTS (SELECT 1 FROM memories WHERE state = 'active')
                OR EXISTS (SELECT 1 FROM messages WHERE indexed)
            """
        )
        return not (found and found[0])

    def search(
        self,
        text: str,
        vector: Vector | None,
        *,
        limit: int = 60,
        memories: bool = True,
        turns: bool = True,
        exclude_turns: Collection[int] = (),
    ) -> list[Hit]:
        """What the bank holds about `text`, best first; by words only without its vector."""
        return search.search(
            self._db,
            text,
            vector,
            limit=limit,
            memories=memories,
            turns=turns,
            exclude_turns=exclude_turns,
        )

    def related(self, text: str, vector: Vector | None, *, limit: int = 6) -> list[Hit]:
        """The active memories that a new fact may change, best first."""
        return search.related(self._db, text, vector, limit=limit)
