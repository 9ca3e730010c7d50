"""Stand-ins that behave: a scripted Engine with deterministic embeddings."""

from __future__ import annotations

import re
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from memchat.engine.protocol import (
    CancelToken,
    EngineStatus,
    Finished,
    GenerateRequest,
    GenerationEvent,
    LoadState,
    PromptProgress,
    Role,
    TextDelta,
    Vectors,
)
from memchat.errors import EngineCrashedError, EngineError, MemchatError

DIMENSION = 384
DEFAULT_REPLIES = {Role.ANSWER: "All right.", Role.MEMORY: ""}


def bag_of_words(text: str, dimension: int = DIMENSION) -> Vectors:
    """A unit vector, shape (dimension,): texts that share words are near each other."""
    vector = np.full(dimension, 1e-4, dtype=np.float32)
    for word in re.findall(r"\w+", text.lower()):
        code = zlib.crc32(word.encode())
        vector[code % dimension] += 1.0
        vector[(code >> 16) % dimension] += 0.5
    return vector / np.linalg.norm(vector)


class FakeEngine:
    """An Engine whose completions are queued beforehand, per role and in order.

    A queued exception is raised in place of a completion. `requests` keeps every request,
    `embedded` every text; `token_delay` is in seconds.
    """

    def __init__(
        self,
        *,
        dimension: int = DIMENSION,
        token_delay: float = 0.0,
        load_delay: float = 0.0,
        default_replies: dict[Role, str] | None = None,
        context_tokens: int = 8192,
    ) -> None:
        self.dimension = dimension
        self.token_delay = token_delay
        self.load_delay = load_delay
        self.default_replies = DEFAULT_REPLIES | (default_replies or {})
        self.context_tokens = context_tokens
        self.requests: list[GenerateRequest] = []
        self.embedded: list[str] = []
        self.loads = 0
        self.closed = False
        self._state = LoadState.UNLOADED
        self._queues: dict[Role, deque[str | MemchatError]] = {role: deque() for role in Role}
        self._crash: MemchatError | None = None

    def enqueue(self, *replies: str | MemchatError, role: Role = Role.ANSWER) -> None:
        """Add completions (or errors to raise) for `role`, used one a request."""
        self._queues[role].extend(replies)

    def crash_next(self, error: MemchatError | None = None) -> None:
        """Make the next call of any kind fail, as when the child process dies."""
        self._crash = error or EngineCrashedError(
            "The model process died.", "It restarts by itself."
        )

    def load(self, *, embedder: bool = True) -> EngineStatus:
        self._check()
        if self._state is not LoadState.READY:
            self._state = LoadState.LOADING
            time.sleep(self.load_delay)
            self._state = LoadState.READY
            self.loads += 1
        return self.status()

    def status(self) -> EngineStatus:
        if self._state is not LoadState.READY:
            return EngineStatus(model_state=self._state, embedder_state=self._state)
        return EngineStatus(
            model_state=LoadState.READY,
            embedder_state=LoadState.READY,
            model_name="fake-model",
            context_tokens=self.context_tokens,
            memory_context_tokens=self.context_tokens,
            embedding_model="bag-of-words",
            embedding_dimension=self.dimension,
            threads=1,
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._check()
        self.load()
        self.embedded.extend(texts)
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([bag_of_words(text, self.dimension) for text in texts])

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        self._check()
        self.requests.append(request)
        queue = self._queues[request.role]
        reply = queue.popleft() if queue else self.default_replies[request.role]
        if isinstance(reply, MemchatError):
            raise reply
        yield from self._stream(request, reply, cancel or CancelToken())

    def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        self._check()
        return [len(_tokens(text)) for text in texts]

    def close(self) -> None:
        self.closed = True

    def _stream(
        self, request: GenerateRequest, reply: str, cancel: CancelToken
    ) -> Iterator[GenerationEvent]:
        prompt_tokens = sum(len(_tokens(message.content)) for message in request.messages)
        yield PromptProgress(done=prompt_tokens, total=prompt_tokens, cached=0)
        started, emitted = time.perf_counter(), 0
        for token in _tokens(reply)[: request.max_tokens]:
            if self.token_delay:
                time.sleep(self.token_delay)
            if cancel.cancelled:
                break
            yield TextDelta(token)
            emitted += 1
        length = len(_tokens(reply)) > request.max_tokens
        yield Finished(
            reason="cancelled" if cancel.cancelled else "length" if length else "stop",
            prompt_tokens=prompt_tokens,
            cached_tokens=0,
            completion_tokens=emitted,
            prompt_seconds=0.0,
            decode_seconds=time.perf_counter() - started,
        )

    def _check(self) -> None:
        if self.closed:
            raise EngineError("The engine is closed.")
        if self._crash is not None:
            error, self._crash = self._crash, None
            raise error


def _tokens(text: str) -> list[str]:
    """Words with the space before them, so that joining gives the text back."""
    return re.findall(r"\s*\S+|\s+$", text)
