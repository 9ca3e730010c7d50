"""Entries of a memory bank: statements as memories word them, and which may stand together."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from training.data.synthetic.forms import Form, Topic, Variant, topics
from training.data.synthetic.statement import Statement
from training.data.synthetic.world import Person, Values, World

_Forms = tuple[tuple[Variant, ...], ...]
"""Variants, grouped by the form they come from."""

NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)

_GROUPS = tuple(
    frozenset(group.split())
    for group in """
    job employer second_job retirement studies business pay boss work_pattern commute work_event
    home address house previous_home move_plan flatmate hometown landlord neighbour
    partner marital wedding_plan flatmate friends meet_up
    favourite_food likes_food cuisine restaurant cooked cooking_habit
    age birth_year birthday body weight
    children baby_due siblings relative_name death
    trip visited dream_trip race
    exercise sport hobby dislikes race routine
    book_reading favourite_book book_genre writing
    favourite_film watching music games
    appointment surgery doctor deadline
    smoking coffee favourite_drink
    event_plan event_past celebration school_event feeling_event
    name surname email phone_number address contact
    phone device phone_number
    purchase wish savings pet_wish lost heirloom craft
    illness medicine injury surgery
    languages learning_language
    skill cannot achievement goal
    dislikes_food allergy diet favourite_food likes_food
    dog cat small_pet pet_wish
    car bike commute
    """.strip().splitlines()
)
"""Topics so close that a fact of one might touch a memory of another of the same person."""

_NEAR_MISSES = """
    job employer, employer job, trip visited, visited trip, wish purchase, purchase wish, dog cat,
    cat dog, dog small_pet, cat small_pet, languages learning_language, learning_language languages,
    home hometown, hometown home, hometown previous_home, favourite_food dislikes_food,
    dislikes_food likes_food, likes_food dislikes_food, sport exercise, exercise sport,
    event_plan event_past, car bike, bike car, illness medicine, medicine illness, allergy diet,
    studies job, birthday age, age birthday, dream_trip trip, move_plan home, savings wish,
    hobby sport, hobby instrument, instrument hobby, favourite_colour favourite_season,
    favourite_film favourite_book, favourite_book favourite_film, boss flatmate, team sport,
    collection hobby, allergy illness, house home, home house, skill cannot, garden hobby,
    favourite_drink coffee, phone device, appointment deadline, languages nationality
"""


@cache
def near_misses() -> tuple[tuple[Topic, Topic], ...]:
    """Pairs (new, old) of topics that look alike, where the new fact is one of its own."""
    by_name = {topic.name: topic for topic in topics()}
    pairs = (pair.split() for pair in _NEAR_MISSES.split(","))
    return tuple((by_name[new], by_name[old]) for new, old in pairs)


@cache
def fulfilments() -> tuple[tuple[Topic, Topic, str], ...]:
    """(what happened, the plan it ends, the section that tells it), sharing the plan's key."""
    by_name = {topic.name: topic for topic in topics()}
    names = (
        ("purchase", "wish", "tell"),
        ("home", "move_plan", "change"),
        ("visited", "trip", "state"),
    )
    return tuple((by_name[new], by_name[old], section) for new, old, section in names)


def may_clash(one: Topic, other: Topic) -> bool:
    """Whether facts of both topics about one person might touch each other."""
    if one.name == other.name:
        return True
    return any(one.name in group and other.name in group for group in _GROUPS)


def entry(
    world: World, person: Person, topic: Topic, values: Values | None = None, section: str = "state"
) -> Statement | None:
    """A statement about `person` to be used as a memory or fact, not as words said.

    Section "state" takes told forms too, but none that says something of its own; "any" takes all
    of these. None if the topic has no such form.
    """
    return _statement(world, person, topic, values, _worded(topic, section, bare=False))


def bare_entry(
    world: World, person: Person, topic: Topic, values: Values | None = None
) -> Statement | None:
    """An entry that shows the topic's key and nothing else."""
    return _statement(world, person, topic, values, _worded(topic, "state", bare=True))


def plain_entry(
    world: World, person: Person, topic: Topic, values: Values | None = None
) -> Statement | None:
    """A bare entry in the wording that comes first in the language file."""
    return _statement(world, person, topic, values, _worded(topic, "state", bare=True)[:1])


def _statement(
    world: World, person: Person, topic: Topic, values: Values | None, forms: _Forms
) -> Statement | None:
    if not forms:
        return None
    variant = world.rng.choice(world.rng.choice(forms))
    if values is None:
        values = Values(world.rng, world.today, topic.aliases)
    return Statement(topic, person, variant, values).drawn()


def memory(world: World, person: Person, topic: Topic) -> str | None:
    """Any fact of `topic` as a memory of `person`; None where it cannot be about them."""
    allowed = {"self": ("any", "self"), "person": ("any", "person"), "pet": ("pet",)}[person.who]
    if topic.who not in allowed:
        return None
    told = entry(world, person, topic, None, "any")
    return told.gold if told else None


@cache
def _worded(topic: Topic, section: str, *, bare: bool) -> _Forms:
    """Variants by form, with one fact each."""
    kept = (
        tuple(variant for variant in form.variants if _usable(topic, variant, bare=bare))
        for form in _forms(topic, section)
    )
    return tuple(variants for variants in kept if variants)


def _forms(topic: Topic, section: str) -> tuple[Form, ...]:
    told = topic.forms("state") + topic.forms("tell")
    if section == "any":
        return told
    if section == "state":
        return tuple(form for form in told if not form.distinct)
    return topic.forms(section)


def _usable(topic: Topic, variant: Variant, *, bare: bool) -> bool:
    states = "{S}" in variant.text
    return (len(variant.golds) == 1 or states) and (not bare or variant.fields == {topic.key})
