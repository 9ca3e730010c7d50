"""The Engine interface and its messages. No llama.cpp and no torch in here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    """A unit vector of shape (dimension,)."""
    Vectors = NDArray[np.float32]
    """Unit vectors, one a row: shape (n, dimension)."""
else:
    Vector = Vectors = Any  # importing numpy would cost the first frame a tenth of a second


class Role(StrEnum):
    """An agent. Each has its own llama.cpp context, KV cache and LoRA adapter."""

    MEMORY = "memory"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt. `content` is data: special tokens in it are not parsed."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is picked. Temperature 0 is greedy and deterministic."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One completion.

    `prefill` is put after the assistant header, as the start of the reply; it is not
    repeated in the output. `slot` picks one of the role's KV caches (0 to SLOTS - 1), so
    that prompts with different beginnings do not evict each other's prefix.
    """

    role: Role
    messages: tuple[ChatMessage, ...]
    max_tokens: int = 256
    grammar: str | None = None
    """GBNF with a `root` rule. An invalid one is an EngineError, never ignored."""
    stop: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    prefill: str = ""
    slot: int = 0


SLOTS = 2
"""KV caches (llama.cpp sequences) per role."""


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """`done` of `total` prompt tokens are evaluated; `cached` of them came from the KV cache."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Newly decoded text, always whole Unicode characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every generation. Times in seconds."""

    reason: Literal["stop", "length", "cancelled"]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    prompt_seconds: float
    decode_seconds: float

    @property
    def tokens_per_second(self) -> float:
        return self.completion_tokens / self.decode_seconds if self.decode_seconds else 0.0


GenerationEvent = PromptProgress | TextDelta | Finished


class CancelToken:
    """Set once, from any thread, to stop a generation between tokens or inside a prompt."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call `callback` when cancelled; at once if that has happened already."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which files to load and how. `threads` 0 means cores - 1, at least 1."""

    model: Path
    embedder: Path
    adapters: tuple[tuple[Role, Path], ...] = ()
    context_tokens: int = 8192
    """Context window of the answer role; capped by what the model was trained for."""
    memory_context_tokens: int = 4096
    threads: int = 0


class LoadState(StrEnum):
    """What a half of the engine (the language model, the embedder) is doing."""

    UNLOADED = "unloaded"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What is loaded. Zero or empty until the half concerned is ready."""

    model_state: LoadState = LoadState.UNLOADED
    embedder_state: LoadState = LoadState.UNLOADED
    model_name: str = ""
    adapters: tuple[tuple[Role, str], ...] = ()
    """Name of the adapter per role; a role without one works by prompt alone."""
    context_tokens: int = 0
    memory_context_tokens: int = 0
    embedding_model: str = ""
    embedding_dimension: int = 0
    threads: int = 0
    error: str = ""

    def adapter(self, role: Role) -> str:
        return dict(self.adapters).get(role, "")


StatusCallback = Callable[[EngineStatus], None]
"""Told each change of an engine's status, from another thread."""


class Engine(Protocol):
    """Runs the two models. Methods block; call them off the user interface's thread.

    `embed` may run while `generate` does; two generations never overlap (the second waits).
    Every method raises ModelError when a file cannot be used and EngineCrashedError when the
    process behind it died.
    """

    def load(self, *, embedder: bool = True) -> EngineStatus:
        """Load what is not loaded yet; return when the language model is ready.

        With `embedder` also wait for the embedding model; without, that may still be loading.
        """
        ...

    def status(self) -> EngineStatus:
        """What is loaded right now; never blocks."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension), float32. Loads the embedder if need be."""
        ...

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        """PromptProgress events, then TextDelta events, then one Finished.

        A cancelled generation still ends in Finished. Closing the iterator cancels it.
        Raises ContextOverflowError when the prompt leaves no room in the role's window; with less
        room than max_tokens the reply ends early, with reason "length".
        """
        ...

    def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        """Tokens in each text on its own, without template or special tokens."""
        ...

    def close(self) -> None:
        """Free the models; end the process behind them. May be called twice, from any thread."""
        ...


class GenerationCancelledError(Exception):
    """A completion was cancelled before its end; not an error to show."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole generation."""

    text: str
    finished: Finished

    @property
    def truncated(self) -> bool:
        """Whether the token limit cut it off."""
        return self.finished.reason == "length"


def complete(
    engine: Engine, request: GenerateRequest, cancel: CancelToken | None = None
) -> Completion:
    """Run `request` to its end. Raises GenerationCancelledError when cancelled."""
    parts: list[str] = []
    for event in engine.generate(request, cancel):
        if isinstance(event, TextDelta):
            parts.append(event.text)
        elif isinstance(event, Finished):
            if event.reason == "cancelled":
                break
            return Completion("".join(parts), event)
    raise GenerationCancelledError
