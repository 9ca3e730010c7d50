"""Which embedding model made the vectors: one for the whole bank, never a mixture."""

from __future__ import annotations

from memchat.bank.index import MEMORIES, TURNS
from memchat.bank.store import Store
from memchat.errors import StorageError


class Embedding(Store):
    def embedding_model(self) -> tuple[str, int] | None:
        """(model, dimension), or None before the first claim."""
        model = self._db.value("SELECT value FROM meta WHERE key = 'embedding_model'")
        dimension = self._db.value("SELECT value FROM meta WHERE key = 'embedding_dimension'")
        return None if model is None else (str(model), int(dimension))

    def claim_embedding(self, model: str, dimension: int) -> None:
        """Say which model the vectors come from. The first one is recorded for good.

        Raises StorageError for another one: its vectors mean nothing beside those stored.
        """
        known = self.embedding_model()
        if known is None:
            with self._db.transaction():
                known = self.embedding_model()
                if known is None:
                    self._start_index(model, dimension)
                    return
        if known != (model, dimension):
            raise StorageError(
                f"The memories are embedded with {known[0]} ({known[1]} dimensions), "
                f"not with {model} ({dimension}).",
                f"Go back to {known[0]}, or re-embed the memories with {model}.",
            )

    def _start_index(self, model: str, dimension: int) -> None:
        """Empty vector tables and the model's name; in the caller's transaction."""
        for index in (MEMORIES, TURNS):
            index.create_vectors(self._db, dimension)
        for key, value in (("embedding_model", model), ("embedding_dimension", str(dimension))):
            self._db.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
