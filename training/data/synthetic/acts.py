"""Speech acts: choosing what somebody says, from the topics that fit them."""

from __future__ import annotations

from dataclasses import replace

from training.data.synthetic.forms import Topic
from training.data.synthetic.statement import Statement, pick_variant
from training.data.synthetic.world import Person, Values, World, pick_topic


class Act(Statement):
    """A statement as something said in a turn."""

    __slots__ = ()

    def with_values(self, values: Values) -> Act:
        return replace(self, values=values)


_SECTIONS = ("tell", "tell", "tell", "tell", "tell", "tell", "change", "more", "end", "adjust")


def tell(world: World, person: Person, *, sections: tuple[str, ...] = _SECTIONS) -> Act | None:
    """Something about `person` out of one of `sections`."""
    topic = pick_topic(world, person.who)
    return tell_topic(world, person, topic, world.rng.choice(sections))


def tell_of(world: World, person: Person) -> Act | None:
    """Something new about `person`, told in a form that can do without the name."""
    return tell(world, person, sections=("tell",))


def tell_topic(
    world: World, person: Person, topic: Topic, section: str, values: Values | None = None
) -> Act | None:
    """`topic` of `person`, in a form of `section`, or "tell" where the topic has no such forms."""
    if not topic.forms(section):
        section = "tell"
    variant = pick_variant(world.rng, topic.forms(section), person)
    if variant is None:
        return None
    if values is None:
        values = Values(world.rng, world.today, topic.aliases)
    return Act(topic, person, variant, values, section)
