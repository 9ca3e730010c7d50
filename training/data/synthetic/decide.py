"""Samples for the second task: one operation for a fact, given the memories it resembles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from memchat.agents import guards, manager
from memchat.bank.types import Fact, Hit, Op
from training.data.samples import DecideSample
from training.data.synthetic import entries, sets
from training.data.synthetic.acts import tell
from training.data.synthetic.endings import end_fact
from training.data.synthetic.forms import Cardinality, Topic, topics
from training.data.synthetic.statement import Statement, fits
from training.data.synthetic.world import Person, World, topics_about

MAX_DISTRACTORS = 5
_TRIES = 60
"""Draws of a kind before the world is given up."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A fact, the memory it concerns (if any) and what becomes of that memory."""

    about: Statement
    fact: str
    op: Op
    memory: str = ""
    merged: str = ""


Maker = Callable[[World], Decision | None]


def decide_samples(world: World) -> Iterator[DecideSample]:
    """One decision; none when every draw of its kind came out unusable."""
    kind = world.rng.choices(tuple(_MAKERS), tuple(weight for _, weight in _MAKERS.values()))[0]
    maker, _ = _MAKERS[kind]
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


@cache
def _with(cardinality: Cardinality | None, section: str, who: str) -> tuple[Topic, ...]:
    return tuple(
        topic
        for topic in topics()
        if (cardinality is None or topic.cardinality is cardinality)
        and (not section or topic.forms(section))
        and topic.who in ({"any", "self"} if who == "self" else {"any", "person"})
    )


def _person_and_topic(
    world: World, cardinality: Cardinality | None, section: str = ""
) -> tuple[Person, Topic]:
    person = world.someone(0.35)
    while person.who == "pet":
        person = world.someone(0.35)
    return person, world.rng.choice(_with(cardinality, section, person.who))


def _add(world: World) -> Decision | None:
    told = tell(world, world.someone(), sections=("tell", "tell", "tell", "change", "more", "end"))
    return Decision(told, world.rng.choice(told.golds), Op.ADD) if told else None


def _add_another_event(world: World) -> Decision | None:
    """A second trip is not the first one."""
    person, topic = _person_and_topic(world, Cardinality.EVENT, "state")
    fact = entries.entry(world, person, topic)
    if fact is None or topic.mixed or not topic.key:
        return None
    old = entries.entry(world, person, topic, fact.values.changed(*fact.values))
    return Decision(fact, fact.gold, Op.ADD, old.gold) if old else None


def _add_near_miss(world: World) -> Decision | None:
    """Two kinds of fact that sound alike: a wish and a purchase, a dog and a cat."""
    person, (new, old) = world.speaker, world.rng.choice(entries.near_misses())
    fact = entries.bare_entry(world, person, new)
    memory = entries.bare_entry(world, person, old)
    return Decision(fact, fact.gold, Op.ADD, memory.gold) if fact and memory else None


def _repeat(world: World) -> Decision | None:
    """The same in other words, or less of it."""
    person, topic = _person_and_topic(world, None, "state")
    old = entries.entry(world, person, topic)
    if old is None or topic.mixed:
        return None
    new = entries.entry(world, person, topic, old.values)
    if new is None or not {topic.key} <= new.variant.fields <= old.variant.fields:
        return None
    if new.gold == old.gold and world.rng.random() < 0.6:
        return None
    return Decision(new, new.gold, Op.NOOP, old.gold)


def _refine(world: World) -> Decision | None:
    """The same with more detail: the memory takes the fact's words."""
    person, topic = _person_and_topic(world, None, "state")
    old = entries.entry(world, person, topic)
    if old is None or topic.mixed:
        return None
    new = entries.entry(world, person, topic, old.values)
    if new is None or not new.variant.fields > old.variant.fields or not old.variant.fields:
        return None
    return Decision(new, new.gold, Op.UPDATE, old.gold, new.gold)


def _change(world: World) -> Decision | None:
    """A value gives way to another, announced as a change or just told."""
    section = "change" if world.rng.random() < 0.75 else "state"
    cardinality = None if section == "change" else Cardinality.SINGLE
    person, topic = _person_and_topic(world, cardinality, section)
    old = entries.entry(world, person, topic)
    if old is None or topic.mixed or topic.key not in old.variant.fields:
        return None
    values = old.values.changed(*old.variant.fields)
    if section == "change":
        new = entries.entry(world, person, topic, values, section="change")
    else:
        new = entries.entry(world, person, topic, values)
    if new is None or not old.variant.fields <= new.variant.fields:
        return None
    return Decision(new, new.gold, Op.UPDATE, old.gold, new.merged)


def _reschedule(world: World) -> Decision | None:
    """Same plan, another day."""
    person, topic = _person_and_topic(world, Cardinality.EVENT, "adjust")
    old = entries.entry(world, person, topic)
    if old is None or old.variant.fields != {topic.key, "future"}:
        return None
    values = old.values.changed("future")
    new = entries.entry(world, person, topic, values, section="adjust")
    return Decision(new, new.gold, Op.UPDATE, old.gold, new.merged) if new else None


def _correct(world: World) -> Decision | None:
    """The value was wrong: "Leeds, not York"."""
    person, topic = _person_and_topic(world, None, "state")
    old = entries.bare_entry(world, person, topic)
    if old is None or topic.mixed:
        return None
    wrong, gold = old.values[topic.key], old.gold
    right = Statement(topic, person, old.variant, old.values.changed(topic.key))
    if not gold.endswith(f"{wrong}."):
        return None
    return Decision(right, f"{right.gold[:-1]}, not {wrong}.", Op.UPDATE, gold, right.gold)


def _end(world: World) -> Decision | None:
    """It is over. What the fact adds beyond that, such as a death, is kept."""
    person, topic = _person_and_topic(world, None)
    old = entries.entry(world, person, topic)
    ended = end_fact(world, old) if old else None
    if old is None or ended is None:
        return None
    if ended.variant.merged:
        return Decision(ended, ended.gold, Op.UPDATE, old.gold, ended.merged)
    return Decision(ended, ended.gold, Op.DELETE, old.gold)


def _more(world: World) -> Decision | None:
    """One more of a kind joins the list."""
    person, topic = _person_and_topic(world, Cardinality.SET, "more")
    grown = sets.grow(world, person, topic)
    return (
        Decision(grown.about, grown.fact, Op.UPDATE, grown.memory, grown.merged) if grown else None
    )


def _among(world: World) -> Decision | None:
    """The list holds it already."""
    person, topic = _person_and_topic(world, Cardinality.SET, "more")
    known = sets.member(world, person, topic)
    return Decision(known.about, known.fact, Op.NOOP, known.memory) if known else None


def _drop(world: World) -> Decision | None:
    """One of several is gone."""
    person, topic = _person_and_topic(world, Cardinality.SET, "end")
    shrunk = sets.shrink(world, person, topic)
    if shrunk is None:
        return None
    return Decision(shrunk.about, shrunk.fact, Op.UPDATE, shrunk.memory, shrunk.merged)


_MAKERS: dict[str, tuple[Maker, float]] = {
    "add": (_add, 22),
    "add_another": (_add_another_event, 6),
    "add_near_miss": (_add_near_miss, 6),
    "repeat": (_repeat, 14),
    "among": (_among, 4),
    "refine": (_refine, 6),
    "change": (_change, 17),
    "reschedule": (_reschedule, 4),
    "correct": (_correct, 3),
    "end": (_end, 11),
    "more": (_more, 12),
    "drop": (_drop, 3),
}
"""Each kind of decision with its share."""
