"""The answering half of a turn: retrieve, fit the context window, distil, stream the reply."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from memchat.agents.answerer import Question, answer_request, distil
from memchat.bank.bank import Bank
from memchat.bank.types import Delivery, Hit, Message
from memchat.config import Settings
from memchat.context import Budget, conversation, fit
from memchat.engine.protocol import (
    CancelToken,
    Engine,
    Finished,
    GenerateRequest,
    GenerationCancelledError,
    PromptProgress,
    Role,
    Sampling,
    TextDelta,
    Vectors,
)
from memchat.timings import Timings
from memchat.turn import (
    AnswerDelta,
    AnswerFinished,
    AnswerStarted,
    Cited,
    ContextTrimmed,
    Retrieved,
    Thinking,
    TurnEvent,
)

_HISTORY_MESSAGES = 64
"""Latest messages of a chat that may enter the prompt."""
_SAVE_INTERVAL = 1.0
"""Seconds between saves of a reply that is streaming."""
_DISTILLATION_TOKENS = 64


@dataclass(slots=True)
class _Draft:
    """A reply that is being written; `saved_at` is when its partial was last stored."""

    parts: list[str] = field(default_factory=list)
    saved_at: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()


@dataclass(frozen=True, slots=True)
class Responder:
    """Runs the Answer Agent over one saved message at a time."""

    bank: Bank
    engine: Engine
    settings: Settings
    embed: Callable[[list[str]], Vectors]
    timings: Timings

    def respond(
        self, message: Message, cancel: CancelToken, attachment: str, *, recall: bool
    ) -> Iterator[TurnEvent]:
        """Answer `message`; without `recall`, from the conversation alone."""
        history = self.bank.messages(message.chat_id, before=message.id, limit=_HISTORY_MESSAGES)
        in_prompt = {message.id, *(turn.id for turn in history)}
        question = Question(
            message.text,
            today=message.said_at.date(),
            hits=self._retrieve(message.text, in_prompt) if recall else (),
            history=conversation(history),
            attachment=attachment,
            coached=not self.engine.status().adapter(Role.ANSWER),
        )
        fitted = fit(question, self._budget(), self._count_tokens)
        yield Retrieved(message.id, fitted.question.hits)
        if fitted.trimmed:
            yield ContextTrimmed(message.id)
        yield from self._reply(message, fitted.question, cancel)

    def _retrieve(self, text: str, in_prompt: set[int]) -> tuple[Hit, ...]:
        if self.bank.is_empty():
            return ()  # the first answer need not wait for the embedding model
        vector = self.embed([text])[0]
        with self.timings.measure("search"):
            most = self.settings.max_candidates
            return tuple(self.bank.search(text, vector, limit=most, exclude_turns=in_prompt))

    def _budget(self) -> Budget:
        window = self.engine.load(embedder=False).context_tokens
        reserved = self.settings.max_answer_tokens + _DISTILLATION_TOKENS
        return Budget(max(window - reserved, window // 2), self.settings.candidate_tokens)

    def _count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.engine.count_tokens(Role.ANSWER, texts)

    def _reply(
        self, message: Message, question: Question, cancel: CancelToken
    ) -> Iterator[TurnEvent]:
        line, cited = self._distil(question, cancel)
        self.bank.record_use(message.id, question.hits, cited)
        yield Cited(message.id, cited)
        model = self.engine.status().model_name
        reply_id = self.bank.start_reply(message.id, model=model).id
        yield AnswerStarted(message.id, reply_id)
        request = answer_request(
            question,
            line,
            max_tokens=self.settings.max_answer_tokens,
            sampling=self._sampling(message.id),
        )
        yield from self._stream(message, reply_id, request, cancel)

    def _distil(self, question: Question, cancel: CancelToken) -> tuple[str, tuple[Hit, ...]]:
        try:
            with self.timings.measure("distil"):
                return distil(self.engine, question, cancel)
        except GenerationCancelledError:
            return "", ()  # the reply that follows is cancelled too, and says so

    def _stream(
        self, message: Message, reply_id: int, request: GenerateRequest, cancel: CancelToken
    ) -> Iterator[TurnEvent]:
        draft = _Draft()
        delivery = Delivery.FAILED
        stats: Finished | None = None
        try:
            for event in self.engine.generate(request, cancel):
                if isinstance(event, PromptProgress):
                    yield Thinking(message.id, event.done, event.total)
                elif isinstance(event, TextDelta):
                    draft.parts.append(event.text)
                    self._save_now_and_then(reply_id, draft)
                    yield AnswerDelta(message.id, event.text)
                else:
                    stats = event
            delivery = _delivery(stats)
        except GeneratorExit:
            delivery = Delivery.STOPPED
            raise
        finally:
            reply = self.bank.finish_reply(reply_id, draft.text, delivery)
        if stats is not None:
            self._record(stats)
            yield AnswerFinished(message.id, reply, stats)

    def _save_now_and_then(self, reply_id: int, draft: _Draft) -> None:
        if time.monotonic() - draft.saved_at >= _SAVE_INTERVAL:
            self.bank.save_partial(reply_id, draft.text)
            draft.saved_at = time.monotonic()

    def _record(self, stats: Finished) -> None:
        self.timings["prompt"] += stats.prompt_seconds
        self.timings["decode"] += stats.decode_seconds

    def _sampling(self, seed: int) -> Sampling:
        wanted = self.settings
        return Sampling(
            temperature=wanted.temperature,
            top_k=wanted.top_k,
            top_p=wanted.top_p,
            min_p=wanted.min_p,
            repeat_penalty=wanted.repeat_penalty,
            seed=seed,
        )


def _delivery(stats: Finished | None) -> Delivery:
    if stats is None:
        return Delivery.FAILED
    return Delivery.STOPPED if stats.reason == "cancelled" else Delivery.COMPLETE
