"""Speech acts: choosing what somebody says, from the topics that fit them."""

from __future__ import annotations

from training.data.synthetic.endings import negated
from training.data.synthetic.statement import Statement, pick_variant
from training.data.synthetic.world import Person, Values, World, pick_topic

_SECTIONS = {"tell": 62, "change": 13, "more": 6, "end": 13, "adjust": 6}
"""What is told, by weight: news of every kind, and what becomes of what was told before."""


def tell(world: World, person: Person, section: str = "") -> Statement | None:
    """Something about `person`, of `section` or of any."""
    if not section:
        section = world.rng.choices(tuple(_SECTIONS), tuple(_SECTIONS.values()))[0]
    topic = pick_topic(world, person.who, section)
    if topic is None:
        return None
    variant = pick_variant(world.rng, topic.forms(section), person)
    if variant is None:
        return None
    values = Values(world.rng, world.today, topic.aliases)
    return Statement(topic, person, variant, values, section)


def tell_end(world: World, person: Person) -> Statement | None:
    """Something about `person` that is so no longer: "I no longer keep bees"."""
    told = tell(world, person, "tell")
    return negated(world, told) if told else None
