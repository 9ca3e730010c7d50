"""One generation: evaluate the prompt, then sample and decode token by token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

from memchat.engine.context import AbortedError, AbortFlag, RoleContext
from memchat.engine.protocol import (
    Finished,
    GenerateRequest,
    GenerationEvent,
    PromptProgress,
    TextDelta,
)
from memchat.engine.sampler import Sampler
from memchat.engine.text_stream import TextStream
from memchat.engine.vocabulary import Vocabulary
from memchat.errors import ContextOverflowError

Guard = Callable[[], AbstractContextManager[None]]
"""Held around each native call; raises EngineError once the model is closed."""


class Generation:
    """The state of one request. `flag` stops it from any thread."""

    def __init__(
        self,
        request: GenerateRequest,
        prompt: list[int],
        context: RoleContext,
        vocabulary: Vocabulary,
        guard: Guard,
    ) -> None:
        room = context.window - len(prompt)
        if room < 1:
            raise ContextOverflowError(
                f"The prompt has {len(prompt)} tokens; the {request.role} role's context window "
                f"holds {context.window}.",
                "Shorten the text, or raise context_tokens in the settings.",
            )
        self.flag = AbortFlag()
        self._slot, self._limit = request.slot, min(request.max_tokens, room)
        self._prompt, self._context, self._vocabulary = prompt, context, vocabulary
        self._guard = guard
        self._sampler = Sampler(vocabulary, request.sampling, request.grammar)
        self._stream = TextStream(request.stop)
        self._reason: Literal["stop", "length", "cancelled"] = "length"
        self._cached = self._completion_tokens = 0
        self._prompt_seconds = self._decode_seconds = 0.0

    def events(self) -> Iterator[GenerationEvent]:
        """What Engine.generate gives."""
        try:
            yield from self._evaluate_prompt()
            yield from self._decode()
        except AbortedError:
            with self._guard():  # closing aborts too, and is an error
                self._reason = "cancelled"
        rest = self._stream.feed(b"", final=True)
        if rest:
            yield TextDelta(rest)
        yield self._finished()

    def close(self) -> None:
        self._sampler.close()

    def _evaluate_prompt(self) -> Iterator[PromptProgress]:
        with self._guard():
            self._context.use_flag(self.flag)
            self._cached = done = self._context.reuse(self._slot, self._prompt)
        yield PromptProgress(done, len(self._prompt), self._cached)
        while done < len(self._prompt):
            self._check_flag()
            started = time.perf_counter()
            with self._guard():
                done = self._context.extend(self._slot, self._prompt)
            self._prompt_seconds += time.perf_counter() - started
            yield PromptProgress(done, len(self._prompt), self._cached)

    def _decode(self) -> Iterator[TextDelta]:
        for left in reversed(range(self._limit)):
            self._check_flag()
            token, piece = self._sample()
            if piece is None:
                self._reason = "stop"
                return
            self._completion_tokens += 1
            text = self._stream.feed(piece)
            if text:
                yield TextDelta(text)
            if self._stream.stopped:
                self._reason = "stop"
                return
            if left:
                self._append(token)

    def _sample(self) -> tuple[int, bytes | None]:
        """The next token and its bytes; None instead of them when it ends the reply."""
        started = time.perf_counter()
        with self._guard():
            token = self._sampler.sample(self._context.pointer)
            ends = self._vocabulary.is_end(token)
            piece = None if ends else self._vocabulary.piece(token)
        self._decode_seconds += time.perf_counter() - started
        return token, piece

    def _append(self, token: int) -> None:
        self._check_flag()
        started = time.perf_counter()
        with self._guard():
            self._context.decode(self._slot, [token])
        self._decode_seconds += time.perf_counter() - started

    def _check_flag(self) -> None:
        if self.flag.is_set:
            raise AbortedError

    def _finished(self) -> Finished:
        return Finished(
            reason=self._reason,
            prompt_tokens=len(self._prompt),
            cached_tokens=self._cached,
            completion_tokens=self._completion_tokens,
            prompt_seconds=self._prompt_seconds,
            decode_seconds=self._decode_seconds,
        )
