"""An engine that stands still where a test wants to look, and is always equally fast."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from memchat.engine.protocol import (
    CancelToken,
    EngineStatus,
    Finished,
    GenerateRequest,
    GenerationEvent,
    PromptProgress,
    Role,
    TextDelta,
    Vectors,
)
from tests.fakes import FakeEngine

Place = Literal["load", "embed", "prompt", "decode", "extract", "decide"]


class HeldEngine(FakeEngine):
    """Waits at `hold` until released or closed.

    `load` and `embed` hold in these calls; `prompt` after a third of the prompt; `decode` after
    `tokens` tokens of the answer; `extract` and `decide` in the memory role's first and later
    generations. Every generation reports the same speed.
    """

    def __init__(self, hold: Place | None = None, *, tokens: int = 6, context: int = 8192) -> None:
        super().__init__(context_tokens=context)
        self.hold = hold
        self.tokens = tokens
        self._released = threading.Event()
        self._memory_calls = 0

    def release(self) -> None:
        self._released.set()

    def load(self, *, embedder: bool = True) -> EngineStatus:
        self._check()  # a crash comes before the wait
        self._hold_at("load")
        return super().load(embedder=embedder)

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._hold_at("embed")
        return super().embed(texts)

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        if request.role is Role.MEMORY:
            self._hold_at("decide" if self._memory_calls else "extract")
            self._memory_calls += 1
        seen = 0
        for event in super().generate(request, cancel):
            if isinstance(event, PromptProgress) and self.hold == "prompt":
                yield PromptProgress(event.total // 3, event.total, 0)
                self._hold_at("prompt")
            if isinstance(event, TextDelta) and request.role is Role.ANSWER:
                seen += 1
                if seen > self.tokens:
                    self._hold_at("decode")
            yield _steady(event)

    def close(self) -> None:
        self.release()
        super().close()

    def _hold_at(self, place: Place) -> None:
        if self.hold == place:
            self._released.wait()


def _steady(event: GenerationEvent) -> GenerationEvent:
    """The same event, at 40 tokens a second."""
    if not isinstance(event, Finished):
        return event
    return replace(event, prompt_seconds=0.5, decode_seconds=event.completion_tokens / 40)
