"""Which embedding model made the vectors: one for the whole bank, never a mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memchat.bank.index import MEMORIES, TURNS, blob, turn_text
from memchat.bank.store import Store
from memchat.engine.protocol import Vector, Vectors
from memchat.errors import StorageError

BATCH = 64

Embed = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors, shape (len(texts), dimension)."""

_EMBEDDED_TEXTS = """
    SELECT '', text FROM memories
    UNION SELECT speaker, text FROM messages WHERE indexed
    UNION SELECT '', text FROM before_images WHERE vector IS NOT NULL
    UNION SELECT '', new FROM events WHERE vector IS NOT NULL
"""


class Embedding(Store):
    def embedding_model(self) -> tuple[str, int] | None:
        """(model, dimension), or None before the first claim."""
        model = self._db.value("SELECT value FROM meta WHERE key = 'embedding_model'")
        dimension = self._db.value("SELECT value FROM meta WHERE key = 'embedding_dimension'")
        return None if model is None else (str(model), int(dimension))

    def claim_embedding(self, model: str, dimension: int) -> None:
        """Say which model the vectors given to this bank come from. The first one is recorded.

        Raises StorageError for another one: its vectors mean nothing beside those stored.
        """
        known = self.embedding_model()
        if known is None and not self._db.read_only:
            with self._db.transaction():
                known = self.embedding_model()
                if known is None:
                    self._start_index(model, dimension)
                    known = (model, dimension)
        if known is not None and known != (model, dimension):
            raise StorageError(
                f"The memories are embedded with {known[0]} ({known[1]} dimensions), "
                f"not with {model} ({dimension}).",
                f"Go back to {known[0]}, or re-embed the memories with {model}.",
            )
        self._db.claimed_model = model

    def reembed(
        self,
        embed: Embed,
        model: str,
        dimension: int,
        progress: Callable[[int, int], None],
    ) -> None:
        """Replace every vector by one of `model`; `progress` gets (done, total) texts.

        The texts are embedded first, while others may read and write; then one transaction
        swaps all vectors, so a mixed index never exists.
        """
        vectors: dict[str, Vector] = {}
        self._embed_missing(vectors, embed, progress)
        claimed = self._db.claimed_model
        try:
            with self._db.transaction():
                self._embed_missing(vectors, embed, progress)  # what was written meanwhile
                self._start_index(model, dimension)
                self._db.claimed_model = model
                self._swap(vectors)
        except BaseException:
            self._db.claimed_model = claimed
            raise

    def _embed_missing(
        self,
        vectors: dict[str, Vector],
        embed: Embed,
        progress: Callable[[int, int], None],
    ) -> None:
        wanted = (turn_text(*row) for row in self._db.query(_EMBEDDED_TEXTS))
        texts = [text for text in wanted if text not in vectors]
        total = len(vectors) + len(texts)
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            vectors.update(zip(batch, embed(batch), strict=True))
            progress(len(vectors), total)

    def _swap(self, vectors: dict[str, Vector]) -> None:
        for id_, text, state in self._db.query("SELECT id, text, state FROM memories"):
            MEMORIES.add_vector(self._db, id_, vectors[text], active=state == "active")
        turns = self._db.query("SELECT id, speaker, text FROM messages WHERE indexed")
        for id_, speaker, text in turns:
            TURNS.add_vector(self._db, id_, vectors[turn_text(speaker, text)])
        for row_id, text in self._db.query(
            "SELECT rowid, text FROM before_images WHERE vector IS NOT NULL"
        ):
            self._db.write(
                "UPDATE before_images SET vector = ? WHERE rowid = ?",
                (blob(self._db, vectors[text]), row_id),
            )
        for id_, text in self._db.query("SELECT id, new FROM events WHERE vector IS NOT NULL"):
            self._db.write(
                "UPDATE events SET vector = ? WHERE id = ?", (blob(self._db, vectors[text]), id_)
            )

    def _start_index(self, model: str, dimension: int) -> None:
        """Empty vector tables and the model's name; in the caller's transaction."""
        for index in (MEMORIES, TURNS):
            index.create_vectors(self._db, dimension)
        for key, value in (("embedding_model", model), ("embedding_dimension", str(dimension))):
            self._db.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
