"""What the Memory Manager should do with a fact: each kind of decision, made from known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from memchat.bank.types import Op
from training.data.synthetic import entries, sets
from training.data.synthetic.acts import tell
from training.data.synthetic.endings import end_fact
from training.data.synthetic.forms import Cardinality, Topic, topics
from training.data.synthetic.statement import Statement
from training.data.synthetic.world import Person, World


@dataclass(frozen=True, slots=True)
class Decision:
    """A fact, the memory it concerns (if any) and what becomes of that memory."""

    about: Statement
    fact: str
    op: Op
    memory: str = ""
    merged: str = ""


Maker = Callable[[World], Decision | None]


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
    section = world.rng.choices(("tell", "change", "more", "end"), (16, 2, 1, 1))[0]
    told = tell(world, world.someone(), section)
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


def _filled_in(world: World) -> Decision | None:
    """The name of what was only mentioned: "a dog", then "a dog called Buddy"."""
    person, topic = _person_and_topic(world, None, "vague")
    new = entries.bare_entry(world, person, topic)
    old = entries.entry(world, person, topic, None, "vague")
    return Decision(new, new.gold, Op.UPDATE, old.gold, new.gold) if new and old else None


def _mentioned(world: World) -> Decision | None:
    """The other way round: the memory knows more."""
    person, topic = _person_and_topic(world, None, "vague")
    new = entries.entry(world, person, topic, None, "vague")
    old = entries.entry(world, person, topic)
    return Decision(new, new.gold, Op.NOOP, old.gold) if new and old else None


def _fulfilled(world: World) -> Decision | None:
    """A wish or plan came true: what happened takes the plan's place."""
    new, old, section = world.rng.choice(entries.fulfilments())
    planned = entries.bare_entry(world, world.speaker, old)
    if planned is None:
        return None
    values = planned.values.changed(*(name for name in planned.values if name != old.key))
    done = entries.entry(world, world.speaker, new, values, section)
    if done is None or old.key not in done.variant.fields or "old_" in done.variant.text:
        return None
    return Decision(done, done.gold, Op.UPDATE, planned.gold, done.merged)


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


MAKERS: dict[str, tuple[Maker, float]] = {
    "add": (_add, 34),
    "add_another": (_add_another_event, 8),
    "add_near_miss": (_add_near_miss, 9),
    "repeat": (_repeat, 14),
    "among": (_among, 4),
    "refine": (_refine, 6),
    "filled_in": (_filled_in, 3),
    "mentioned": (_mentioned, 2),
    "fulfilled": (_fulfilled, 2),
    "change": (_change, 17),
    "reschedule": (_reschedule, 4),
    "correct": (_correct, 3),
    "end": (_end, 11),
    "more": (_more, 12),
    "drop": (_drop, 3),
}
"""Each kind of decision with its share."""
