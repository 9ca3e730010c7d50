"""A toy source of samples: who owns which pet, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from memchat.agents.answerer import Question
from memchat.agents.manager import Turn
from memchat.bank.types import Hit
from training.data.samples import AnswerSample, DecideSample, ExtractSample, Sample, Task

PETS = ("dog", "cat", "parrot", "horse")
NAMES = ("Buddy", "Scout", "Miso", "Rex", "Luna", "Ziggy")
SAID_AT = datetime(2024, 5, 7, 12, 0, tzinfo=UTC)


def toy_stream(_source: str, task: Task, seed: int) -> Iterator[Sample]:
    """Samples of one task, without end; stands in for `sources.stream`."""
    rng = Random(seed)
    while True:
        pet, (old, new) = rng.choice(PETS), rng.sample(NAMES, 2)
        fact = f"The user has a {pet} called {new}."
        if task == "extract":
            turn = Turn(f"I got a {pet}, its name is {new}!", SAID_AT)
            yield ExtractSample(turn, (fact,), "pet")
        elif task == "decide":
            merged = f"UPDATE 1: The user has two {pet}s, {old} and {new}."
            yield DecideSample(fact, (f"The user has a {pet} called {old}.",), merged, "pet")
        else:
            hit = Hit("memory", 1, fact, SAID_AT, 1.0)
            question = Question(f"What is my {pet} called?", SAID_AT.date(), (hit,), short=True)
            yield AnswerSample(question, "Using: 1\n", new, "pet")
