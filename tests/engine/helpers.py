"""Requests in a line, and what came of them."""

from __future__ import annotations

from typing import Any

from memchat.engine.protocol import (
    CancelToken,
    ChatMessage,
    Engine,
    Finished,
    GenerateRequest,
    GenerationEvent,
    Role,
    TextDelta,
)


def ask(text: str, **options: Any) -> GenerateRequest:
    """A request of the answer role (unless told) with a short system message."""
    messages = (ChatMessage("system", "You are helpful."), ChatMessage("user", text))
    options.setdefault("role", Role.ANSWER)
    return GenerateRequest(messages=messages, **options)


def run(
    engine: Engine, request: GenerateRequest, cancel: CancelToken | None = None
) -> tuple[str, Finished]:
    """The whole text and the last event."""
    events = list(engine.generate(request, cancel))
    assert isinstance(events[-1], Finished)
    return text_of(events), events[-1]


def say(engine: Engine, request: GenerateRequest) -> str:
    """The whole text."""
    return run(engine, request)[0]


def text_of(events: list[GenerationEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
