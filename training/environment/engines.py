"""Engines around an engine: one remembers what was asked before, one answers in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import apsw
import numpy as np

from memchat.engine.protocol import (
    CancelToken,
    Engine,
    EngineStatus,
    Finished,
    GenerateRequest,
    GenerationEvent,
    Role,
    TextDelta,
    Vectors,
    complete,
)

Reason = Literal["stop", "length"]


class WrappedEngine:
    """Passes everything on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, *, embedder: bool = True) -> EngineStatus:
        return self._engine.load(embedder=embedder)

    def status(self) -> EngineStatus:
        return self._engine.status()

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._engine.embed(texts)

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        return self._engine.generate(request, cancel)

    def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        return self._engine.count_tokens(role, texts)

    def close(self) -> None:
        self._engine.close()


class RememberingEngine(WrappedEngine):
    """Greedy replies and vectors, kept in a file: the same question is never worked on twice.

    `name` stands for the weights behind the engine; other weights, other replies. A run that is
    started again finds all that was worked out before it stopped.
    """

    def __init__(self, engine: Engine, path: Path, name: str) -> None:
        super().__init__(engine)
        self._name = name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store = apsw.Connection(str(path))
        self._store.set_busy_timeout(5000)
        self._store.pragma("journal_mode", "wal")
        self._store.pragma("synchronous", "normal")  # at worst the latest are worked out again
        self._store.execute("CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, text, end)")
        self._store.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector)")
        self._vectors: dict[str, Vectors] = {}
        self.hits = self.misses = 0
        """Completions found, and completions worked out."""

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        if request.sampling.temperature > 0:
            yield from self._engine.generate(request, cancel)
            return
        key = self._key(request)
        found = self._store.execute(
            "SELECT text, end FROM replies WHERE key = ?", (key,)
        ).fetchone()
        if found is None:
            reply = complete(self._engine, request, cancel)
            found = (reply.text, reply.finished.reason)
            self._store.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", (key, *found))
            self.misses += 1
        else:
            self.hits += 1
        yield from events(*found)

    def embed(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if not self._find_vector(text)]
        if missing or not texts:
            vectors = self._engine.embed(missing)
            for text, vector in zip(missing, vectors, strict=True):
                self._vectors[text] = vector
                row = (self._key(text), vector.tobytes())
                self._store.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?)", row)
            if not texts:
                return vectors
        return np.stack([self._vectors[text] for text in texts])

    def close(self) -> None:
        super().close()
        self._store.close()

    def _find_vector(self, text: str) -> bool:
        if text not in self._vectors:
            key = self._key(text)
            row = self._store.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
            if row is not None:
                self._vectors[text] = np.frombuffer(row[0], dtype=np.float32)
        return text in self._vectors

    def _key(self, asked: object) -> bytes:
        return hashlib.sha256(f"{self._name}\n{asked!r}".encode(errors="replace")).digest()


class Interposer(WrappedEngine):
    """Answers certain requests itself, and notes which ones are made."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.asked: list[GenerateRequest] = []
        self.given: dict[GenerateRequest, tuple[str, Reason]] = {}
        """Replies to give, and how they end."""

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        self.asked.append(request)
        if request in self.given:
            return events(*self.given[request])
        return self._engine.generate(request, cancel)


def events(text: str, reason: Reason) -> Iterator[GenerationEvent]:
    """A completion that took no time."""
    yield TextDelta(text)
    yield Finished(reason, 0, 0, 0, 0.0, 0.0)
