"""Lists that grow and shrink: a second dog, a third language, one instrument given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.data.synthetic import entries
from training.data.synthetic.forms import Topic, fields_of
from training.data.synthetic.statement import Statement, as_memory
from training.data.synthetic.world import Person, Values, World

_COUNTS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass(frozen=True, slots=True)
class SetChange:
    """A fact about a list, the memory that holds the list, and that memory afterwards."""

    about: Statement
    fact: str
    memory: str
    merged: str = ""


def joined(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def listed(topic: Topic, person: Person, items: Sequence[str]) -> str:
    """A memory of all items: "The user has two dogs, Buddy and Scout."."""
    several = topic.settings["many"]
    template = several if len(items) > 1 else topic.settings.get("one", several)
    return as_memory(
        template.format(
            S=person.gold,
            items=joined(items),
            count=_COUNTS[len(items)],
            their=person.pronouns.possessive,
        )
    )


def grow(world: World, person: Person, topic: Topic) -> SetChange | None:
    """A memory of one to three items, and the fact that there is a further one."""
    section = "more" if world.rng.random() < 0.65 or topic.name == "second_job" else "state"
    olds = _several(world, topic, world.rng.choices((1, 2, 3), (70, 23, 7))[0])
    new = entries.entry(world, person, topic, _another(world, topic, olds), section=section)
    item = _item(topic, new) if new else None
    held = _memory(world, person, topic, olds)
    if new is None or item is None or held is None:
        return None
    memory, items = held
    return SetChange(new, new.gold, memory, listed(topic, person, [*items, item]))


def member(world: World, person: Person, topic: Topic) -> SetChange | None:
    """A fact that names one item of a memory that lists several."""
    olds = _several(world, topic, world.rng.choice((2, 2, 3)))
    known = entries.bare_entry(world, person, topic, world.rng.choice(olds))
    if known is None:
        return None
    return SetChange(known, known.gold, listed(topic, person, _names(topic, olds)))


def shrink(world: World, person: Person, topic: Topic) -> SetChange | None:
    """A fact that one of several is gone. The memory keeps its name, as a thing of the past."""
    olds = _several(world, topic, world.rng.choice((2, 2, 3)))
    gone = entries.entry(world, person, topic, olds[-1], section="end")
    if gone is None or gone.variant.fields != {topic.key}:
        return None
    names = _names(topic, olds)
    rest = listed(topic, person, names[:-1])
    merged = as_memory(f"{rest.removesuffix('.')}; {gone.gold.removesuffix('.')}")
    merged = merged.replace("; The user", "; the user")
    return SetChange(gone, gone.gold, listed(topic, person, names), merged)


def _several(world: World, topic: Topic, count: int) -> list[Values]:
    olds: list[Values] = []
    for _ in range(count):
        olds.append(_another(world, topic, olds))
    return olds


def _another(world: World, topic: Topic, olds: Sequence[Values]) -> Values:
    """Values whose key is none of the `olds`."""
    taken = {values[topic.key] for values in olds}
    while True:
        values = Values(world.rng, world.today, topic.aliases)
        if values[topic.key] not in taken:
            return values


def _names(topic: Topic, olds: Sequence[Values]) -> list[str]:
    return [topic.settings["item"].format_map(values) for values in olds]


def _memory(
    world: World, person: Person, topic: Topic, olds: Sequence[Values]
) -> tuple[str, list[str]] | None:
    """The memory of `olds`, and its items as a list names them."""
    if len(olds) > 1:
        names = _names(topic, olds)
        return listed(topic, person, names), names
    only = entries.entry(world, person, topic, olds[0])
    item = _item(topic, only) if only else None
    return (only.gold, [item]) if only and item else None


def _item(topic: Topic, statement: Statement) -> str | None:
    """The item as a list names it, with all that the statement says of it; None if it cannot."""
    for setting in ("item", "detail"):
        template = topic.settings.get(setting, "")
        if template and fields_of(template) == statement.variant.fields:
            return template.format_map(statement.values)
    return None
