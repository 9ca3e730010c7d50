"""Dialogues whose truth is known: no model is needed to get to the decision that counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from memchat.agents import manager
from memchat.bank.types import Fact, Hit, Op
from memchat.engine.protocol import (
    CancelToken,
    Engine,
    EngineStatus,
    GenerateRequest,
    GenerationEvent,
    Role,
)
from memchat.ingest.turns import IngestTurn
from training.data.samples import DecideSample
from training.environment.dialogue import Dialogue, Truth
from training.environment.engines import WrappedEngine, events

_BEGIN = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)

_NAMES = ("Buddy", "Scout", "Miso", "Luna", "Ziggy", "Pepper", "Rex", "Nora", "Olive", "Otto")
_KINDS = ("dog", "cat", "rabbit", "parrot", "horse", "hamster", "goat", "tortoise")
_OTHERS = (
    "The user lives in Leeds.",
    "The user works as a nurse.",
    "The user is allergic to peanuts.",
    "The user plays the violin.",
    "The user's birthday is on 3 May.",
)
_WORDINGS = (
    "The user adopted another {kind}, {name}.",
    "The user has a second {kind} called {name}.",
    "The user also has a {kind} called {name}.",
)


class ScriptedEngine(WrappedEngine):
    """Takes every turn for a fact, and adds it. Embeds with the engine it wraps."""

    def __init__(self, engine: Engine, *, coached: bool = False) -> None:
        super().__init__(engine)
        self._adapters = () if coached else tuple((role, "scripted") for role in Role)

    def status(self) -> EngineStatus:
        """With adapters, unless the prompts are to be those for a model without any."""
        return replace(super().status(), adapters=self._adapters)

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        del cancel
        if request.grammar and "ADD" in request.grammar:
            return events(Op.ADD, "stop")
        last_line = request.messages[-1].content.rsplit("\n", 1)[-1]
        return events(last_line.partition(": ")[2], "stop")


def decision_dialogue(number: int, sample: DecideSample) -> Dialogue:
    """The memories are told one by one, then the fact; the truth is what the gold reply makes."""
    return _dialogue(f"{sample.kind}-{number}", (*sample.memories, sample.fact), _truth(sample))


def two_dogs(seed: int) -> Iterator[Dialogue]:
    """Another pet beside one that is remembered: one memory has to name both. Without end.

    The class of cases that Memory-R1 opens with. Some other memories, and at times somebody
    else's pet of the same kind, keep the right number from being always the same.
    """
    rng = Random(seed)
    number = 0
    while True:
        number += 1
        kind, (old, new, others) = rng.choice(_KINDS), rng.sample(_NAMES, 3)
        owned = f"The user has a {kind} called {old}."
        rest = rng.sample(_OTHERS, rng.randrange(3))
        if rng.random() < 0.3:
            rest.append(f"The user's sister has a {kind} called {others}.")
        fact = rng.choice(_WORDINGS).format(kind=kind, name=new)
        truth = (*rest, f"The user has two {kind}s, {old} and {new}.")
        memories = rng.sample([owned, *rest], len(rest) + 1)
        yield _dialogue(f"two-{kind}s-{number}", (*memories, fact), truth)


def _dialogue(name: str, said: Sequence[str], truth: tuple[str, ...]) -> Dialogue:
    turns = tuple(
        IngestTurn(str(day), "user", "", text, _BEGIN + timedelta(days=day))
        for day, text in enumerate(said)
    )
    return Dialogue(name, turns, bank=Truth(truth))


def _truth(sample: DecideSample) -> tuple[str, ...]:
    hits = [Hit("memory", n, text, _BEGIN, 0.0) for n, text in enumerate(sample.memories)]
    operation = manager.parse_decision(sample.reply, Fact(sample.fact), hits)
    kept = [hit.text for hit in hits if hit.id != operation.target]
    return (*kept, *filter(None, [operation.text]))
