"""The Engine in this process: llama.cpp and sentence-transformers side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from memchat.engine.embedder import Embedder
from memchat.engine.llama import LlamaModel
from memchat.engine.protocol import (
    CancelToken,
    EngineStatus,
    GenerateRequest,
    GenerationEvent,
    LoadState,
    ModelSpec,
    Role,
    StatusCallback,
    Vectors,
)
from memchat.errors import EngineError, MemchatError


class LlamaEngine:
    """The Engine for training, evaluation and tests, and inside the child process.

    Each half is loaded when first needed. `on_status` is called, from the loading thread, each
    time one of them changes state. A generation that is not iterated to its end keeps the others
    waiting until it is closed.
    """

    def __init__(self, spec: ModelSpec, on_status: StatusCallback | None = None) -> None:
        self._spec = spec
        self._on_status = on_status or (lambda _status: None)
        self._status = EngineStatus()
        self._status_lock = threading.Lock()
        self._model_lock, self._embedder_lock = threading.Lock(), threading.Lock()
        self._model: LlamaModel | None = None
        self._embedder: Embedder | None = None
        self._closed = False

    def load(self, *, embedder: bool = True) -> EngineStatus:
        self.load_model()
        if embedder:
            self.load_embedder()
        return self.status()

    def status(self) -> EngineStatus:
        return self._status

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self.load_embedder().embed(texts)

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        yield from self.load_model().generate(request, cancel)

    def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:  # noqa: ARG002
        return self.load_model().count_tokens(texts)

    def close(self) -> None:
        self._closed = True
        if self._model is not None:
            self._model.close()

    def load_model(self) -> LlamaModel:
        """The language model, loaded if it is not."""
        with self._model_lock:
            self._check_open()
            if self._model is None:
                self._model = self._load_model()
            return self._model

    def load_embedder(self) -> Embedder:
        """The embedding model, loaded if it is not."""
        with self._embedder_lock:
            self._check_open()
            if self._embedder is None:
                self._embedder = self._load_embedder()
            return self._embedder

    def _load_model(self) -> LlamaModel:
        self._update(model_state=LoadState.LOADING, error="")
        try:
            model = LlamaModel(self._spec)
        except MemchatError as error:
            self._update(model_state=LoadState.FAILED, error=error.message)
            raise
        self._update(
            model_state=LoadState.READY,
            model_name=model.name,
            adapters=tuple((role, path.stem) for role, path in self._spec.adapters),
            context_tokens=model.windows[Role.ANSWER],
            memory_context_tokens=model.windows[Role.MEMORY],
            threads=model.threads,
        )
        return model

    def _load_embedder(self) -> Embedder:
        self._update(embedder_state=LoadState.LOADING, error="")
        try:
            embedder = Embedder(self._spec.embedder)
        except MemchatError as error:
            self._update(embedder_state=LoadState.FAILED, error=error.message)
            raise
        self._update(
            embedder_state=LoadState.READY,
            embedding_model=embedder.name,
            embedding_dimension=embedder.dimension,
        )
        return embedder

    def _update(self, **changes: object) -> None:
        with self._status_lock:
            self._status = replace(self._status, **changes)  # type: ignore[arg-type]
            status = self._status
        self._on_status(status)

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("The engine is closed.")
