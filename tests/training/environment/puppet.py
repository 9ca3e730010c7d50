"""An engine that follows simple rules, so that a whole life can be foreseen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from memchat.config import Settings
from memchat.engine.protocol import (
    CancelToken,
    EngineStatus,
    GenerateRequest,
    GenerationEvent,
    Role,
)
from memchat.ingest.turns import IngestTurn
from tests.fakes import FakeEngine
from training.environment.dialogue import Asked, Dialogue, Gold
from training.environment.world import World

BEGIN = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)


class Puppet(FakeEngine):
    """Each sentence is a fact; each fact is added; an answer is the last word of the best note."""

    def status(self) -> EngineStatus:
        return replace(super().status(), adapters=tuple((role, "puppet") for role in Role))

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        self.enqueue(self._reply(request), role=request.role)
        return super().generate(request, cancel)

    def _reply(self, request: GenerateRequest) -> str:
        asked = request.messages[-1].content
        if request.role is Role.MEMORY and "ADD" in (request.grammar or ""):
            return "ADD"
        if request.role is Role.MEMORY:
            said = asked.rsplit("\n", 1)[-1].partition(": ")[2]
            return "\n".join(re.findall(r"[^.]+\.", said)).replace("\n ", "\n") or "NONE"
        if request.grammar:
            return "Using: 1"
        notes = re.findall(r"^\d+\. \(.*?\) (.*)\.$", asked, re.MULTILINE)
        return max(notes, key=lambda note: _shared(note, asked), default="none").split()[-1]


def _shared(note: str, asked: str) -> int:
    question = asked.rsplit("\n", 1)[-1].lower()
    return sum(word in question for word in note.lower().split())


def world(raw_turns: bool = False) -> World:
    return World(Puppet(), Settings(), raw_turns=raw_turns)


def said(*texts: str) -> tuple[IngestTurn, ...]:
    return tuple(
        IngestTurn(str(day), "user", "", text, BEGIN + timedelta(days=day))
        for day, text in enumerate(texts)
    )


def moving() -> Dialogue:
    """Somebody moves house: where they live depends on what became of the old memory."""
    turns = said("Ana lives in Leeds.", "Tom has a parrot.", "Ana lives in York. It rains.")
    return Dialogue("moving", turns, (Asked("Where does Ana live?", Gold("York"), 2),))
