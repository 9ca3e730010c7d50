"""The Engine in a child process, so that a crash or native output stays off the screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from memchat.engine.child import Child
from memchat.engine.protocol import (
    CancelToken,
    EngineStatus,
    GenerateRequest,
    GenerationEvent,
    ModelSpec,
    Role,
    StatusCallback,
    Vectors,
)
from memchat.errors import EngineCrashedError, EngineError


class ProcessEngine:
    """Starts its child at the first call, and once again after it died.

    A child that dies before it has answered anything, right after another that died, is not
    started again: every call then raises EngineError.
    """

    def __init__(
        self, spec: ModelSpec, *, log_file: Path, on_status: StatusCallback | None = None
    ) -> None:
        self._spec, self._log_file = spec, log_file
        self._on_status = on_status or (lambda _status: None)
        self._status = EngineStatus()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._crashed = False
        self._final: EngineError | None = None  # why no child is started any more

    @property
    def pid(self) -> int | None:
        """Process id of the child; None before the first call."""
        return self._child.pid if self._child else None

    def load(self, *, embedder: bool = True) -> EngineStatus:
        (status,) = self._running().call("load", embedder=embedder)
        return status  # type: ignore[no-any-return]

    def status(self) -> EngineStatus:
        return self._status

    def embed(self, texts: Sequence[str]) -> Vectors:
        (vectors,) = self._running().call("embed", tuple(texts))
        return vectors  # type: ignore[no-any-return]

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        yield from self._running().call("generate", request, cancel=cancel)

    def count_tokens(self, role: Role, texts: Sequence[str]) -> list[int]:
        (counts,) = self._running().call("count_tokens", role, tuple(texts))
        return counts  # type: ignore[no-any-return]

    def close(self) -> None:
        with self._lock:
            self._final = EngineError("The engine is closed.")
        if self._child is not None:
            self._child.stop()

    def _running(self) -> Child:
        with self._lock:
            if self._final is not None:
                raise self._final
            if self._child is None or self._child.ended:
                self._child = Child(self._spec, self._log_file, self._note_status, self._note_end)
            return self._child

    def _note_status(self, status: EngineStatus) -> None:
        self._status = status
        self._on_status(status)

    def _note_end(self, child: Child) -> EngineError:
        """The error for whoever waits for `child`."""
        self._status = EngineStatus()
        with self._lock:
            if self._final is not None:  # closed: nobody wants to hear of it
                return self._final
            error = self._crash_error(child)
        self._on_status(self._status)
        return error

    def _crash_error(self, child: Child) -> EngineError:
        if self._crashed and not child.answered:
            self._final = EngineError(
                f"The process that runs the models keeps crashing ({child.exit_reason}).",
                f"Another model may work. The log is in {self._log_file}.",
            )
            return self._final
        self._crashed = True
        return EngineCrashedError(
            f"The process that runs the models died ({child.exit_reason}).",
            f"It is started again for the next request. The log is in {self._log_file}.",
        )
