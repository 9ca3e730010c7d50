"""Samples for the second task: one operation for a fact, given the memories it resembles."""

from __future__ import annotations

from collections.abc import Iterator

from memchat.agents import guards, manager
from memchat.bank.types import Fact, Hit, Op
from training.data.samples import DecideSample
from training.data.synthetic import entries
from training.data.synthetic.decisions import MAKERS, Decision
from training.data.synthetic.statement import Statement, fits
from training.data.synthetic.world import World, topics_about

MAX_DISTRACTORS = 5
_TRIES = 60
"""Draws of a kind before the world is given up."""


def decide_samples(world: World) -> Iterator[DecideSample]:
    """One decision; none when every draw of its kind came out unusable."""
    kind = world.rng.choices(tuple(MAKERS), tuple(weight for _, weight in MAKERS.values()))[0]
    maker, _ = MAKERS[kind]
    for _ in range(_TRIES):
        sample = _placed(world, decision, kind) if (decision := maker(world)) else None
        if sample is not None and _usable(sample):
            yield sample
            return


def _placed(world: World, decision: Decision, kind: str) -> DecideSample:
    """The memory among similar ones, in random order."""
    rng = world.rng
    count = rng.choices(range(MAX_DISTRACTORS + 1), (10, 16, 20, 22, 18, 14))[0]
    others = distractors(world, decision, max(count, 0 if decision.memory else 1))
    memories = list(dict.fromkeys([*others, *filter(None, [decision.memory])]))
    rng.shuffle(memories)
    reply = str(decision.op)
    if decision.op in (Op.UPDATE, Op.DELETE):
        reply += f" {memories.index(decision.memory) + 1}"
    if decision.op is Op.UPDATE:
        reply += f": {decision.merged}"
    return DecideSample(decision.fact, tuple(memories), reply, kind)


def _usable(sample: DecideSample) -> bool:
    """Whether it fits, and the runtime would carry the reply out as it is."""
    if not sample.memories or not all(map(fits, (sample.fact, sample.reply, *sample.memories))):
        return False
    hits = [_hit(number, text) for number, text in enumerate(sample.memories)]
    operation = manager.parse_decision(sample.reply, Fact(sample.fact), hits)
    return not guards.check(operation, hits).correction


def _hit(number: int, text: str) -> Hit:
    return Hit("memory", number, text, at=entries.NO_TIME, score=0.0)


def distractors(world: World, decision: Decision, count: int) -> list[str]:
    """Memories that the fact does not touch: the same of others, other things of the person."""
    found: list[str] = []
    for _ in range(count * 4):
        if len(found) == count:
            break
        text = _distractor(world, decision.about)
        if text and fits(text):
            found.append(text)
    return found


def _distractor(world: World, about: Statement) -> str | None:
    rng, roll = world.rng, world.rng.random()
    if roll < 0.35:
        person = rng.choice([*world.cast, world.speaker])
        if person == about.person or person.who == "pet":
            return None
        return entries.memory(world, person, about.topic)
    person = about.person if roll < 0.75 else world.someone(0.5)
    topic = rng.choice(topics_about(world, person.who))
    if person == about.person and entries.may_clash(topic, about.topic):
        return None
    return entries.memory(world, person, topic)
