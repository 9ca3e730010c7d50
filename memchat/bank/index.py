"""The search indexes beside a table: FTS5 for words, vec0 for vectors.

Called inside the transaction that changes the indexed row, so that they always agree.
"""

from __future__ import annotations

from dataclasses import dataclass

from memchat.bank.connection import Database
from memchat.engine.protocol import Vector
from memchat.errors import StorageError


@dataclass(frozen=True, slots=True)
class Index:
    """The FTS5 and vec0 tables of one kind of text, keyed by its row id."""

    words: str
    vectors: str

    def add(self, db: Database, row_id: int, text: str, vector: Vector) -> None:
        self._add_words(db, row_id, text)
        self.add_vector(db, row_id, vector)

    def add_vector(self, db: Database, row_id: int, vector: Vector, *, active: bool = True) -> None:
        db.write(
            f"INSERT INTO {self.vectors} (id, embedding, active) VALUES (?, ?, ?)",
            (row_id, blob(db, vector), active),
        )

    def replace(self, db: Database, row_id: int, old: str, new: str, vector: bytes) -> None:
        """Index `new` instead of `old`; both must be what the table holds before and after."""
        self._remove_words(db, row_id, old)
        self._add_words(db, row_id, new)
        db.write(f"UPDATE {self.vectors} SET embedding = ? WHERE id = ?", (vector, row_id))

    def remove(self, db: Database, row_id: int, text: str) -> None:
        """Erase the entry; vec0 zeroes the place of a deleted vector."""
        self._remove_words(db, row_id, text)
        db.write(f"DELETE FROM {self.vectors} WHERE id = ?", (row_id,))

    def set_active(self, db: Database, row_id: int, active: bool) -> None:
        """An inactive entry keeps its vector, and no search finds it."""
        db.write(f"UPDATE {self.vectors} SET active = ? WHERE id = ?", (active, row_id))

    def vector(self, db: Database, row_id: int) -> bytes:
        """As stored: float32, little-endian."""
        found = db.value(f"SELECT embedding FROM {self.vectors} WHERE id = ?", (row_id,))
        if found is None:
            raise StorageError(
                f"Entry {row_id} of {self.vectors} has no vector.", "Re-embed the memories."
            )
        return bytes(found)

    def create_vectors(self, db: Database, dimension: int) -> None:
        db.write(f"DROP TABLE IF EXISTS {self.vectors}")
        db.write(
            f"""
            CREATE VIRTUAL TABLE {self.vectors} USING vec0 (
                id INTEGER PRIMARY KEY, embedding FLOAT[{dimension}], active BOOLEAN
            )
            """
        )

    def _add_words(self, db: Database, row_id: int, text: str) -> None:
        db.write(f"INSERT INTO {self.words} (rowid, text) VALUES (?, ?)", (row_id, text))

    def _remove_words(self, db: Database, row_id: int, text: str) -> None:
        db.write(
            f"INSERT INTO {self.words} ({self.words}, rowid, text) VALUES ('delete', ?, ?)",
            (row_id, text),
        )


MEMORIES = Index("memory_fts", "memory_vectors")
TURNS = Index("turn_fts", "turn_vectors")


def turn_text(speaker: str, text: str) -> str:
    """A turn as the embedding model reads it: who says it counts for as much as what is said.

    The user's own turns go as they are: their questions are in the first person, too.
    """
    return f'{speaker} said: "{text}"' if speaker else text


def blob(db: Database, vector: Vector) -> bytes:
    """`vector` as vec0 stores it. Raises StorageError when it is not of the database's model."""
    import numpy as np

    model = db.value("SELECT value FROM meta WHERE key = 'embedding_model'")
    dimension = db.value("SELECT value FROM meta WHERE key = 'embedding_dimension'")
    if model is None:
        raise StorageError("The database has no embedding model yet.", "Claim one first.")
    if db.claimed_model not in {None, model}:
        raise StorageError(
            f"Another memchat has re-embedded the memories with {model}.",
            f"Start again with that embedding model instead of {db.claimed_model}.",
        )
    if vector.shape != (int(dimension),):
        raise StorageError(
            f"A vector of shape {vector.shape} does not fit the database's dimension {dimension}.",
            "Use the embedding model the database was made with, or re-embed the memories.",
        )
    if not np.isfinite(vector).all():
        raise StorageError("The embedding model gave a vector that is not finite.")
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
