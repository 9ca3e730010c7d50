"""Messages that lean on an earlier one: "it's off", "got another one", "and French too"."""

from __future__ import annotations

from functools import cache

from training.data.synthetic import entries, speech
from training.data.synthetic.forms import Cardinality, Topic, topics
from training.data.synthetic.phrases import When
from training.data.synthetic.statement import Statement, as_memory, as_written, pick_variant
from training.data.synthetic.world import Values, World

Told = tuple[str, str, str]
"""What was said before, what is said now, and the fact."""


def leaning_on_earlier(world: World) -> Told | None:
    """One of these; None when the draw came out unusable."""
    maker = world.rng.choice((_off, _moved, _another, _also))
    return maker(world)


@cache
def _plans() -> tuple[Topic, ...]:
    return tuple(topic for topic in topics() if "noun" in topic.settings and topic.who != "person")


def _plan(world: World) -> tuple[Statement, str] | None:
    """A plan of the speaker as told, and what to call it."""
    topic = world.rng.choice(_plans())
    told = _told(world, topic)
    if told is None or topic.key not in told.variant.fields or "future" not in told.variant.fields:
        return None
    return told, topic.settings["noun"].format_map(told.values)


def _told(world: World, topic: Topic) -> Statement | None:
    variant = pick_variant(world.rng, topic.forms("tell"), world.speaker)
    if variant is None:
        return None
    values = Values(world.rng, world.today, topic.aliases)
    return Statement(topic, world.speaker, variant, values).drawn()


def _off(world: World) -> Told | None:
    plan = _plan(world)
    if plan is None:
        return None
    told, noun = plan
    now = speech.pick(world.rng, "context", "off").text
    return told.said(), now, as_memory(f"{world.speaker.gold}'s {noun} has been cancelled")


def _moved(world: World) -> Told | None:
    plan = _plan(world)
    if plan is None:
        return None
    told, noun = plan
    when = Values(world.rng, world.today)["future"]
    if not isinstance(when, When) or when.depends_on_tense:
        return None
    now = speech.pick(world.rng, "context", "moved").text.format(future=when)
    return told.said(), now, as_memory(f"{world.speaker.gold}'s {noun} is {when.resolved} now")


def _another(world: World) -> Told | None:
    """A second pet, named as "another one"."""
    kind = world.rng.choice(("dog", "cat"))
    topic = next(topic for topic in topics() if topic.name == kind)
    told = _told(world, topic)
    if told is None:
        return None
    name = told.values.changed(topic.key)[topic.key]
    now = speech.pick(world.rng, "context", "another").text.format(name=name)
    return told.said(), now, as_memory(f"{world.speaker.gold} has another {kind}, {name}")


@cache
def _lists() -> tuple[Topic, ...]:
    """Sets whose items can be named alone after the first: languages, allergies, instruments."""
    return tuple(
        topic
        for topic in topics()
        if topic.cardinality is Cardinality.SET and topic.forms("asked") and topic.who == "any"
        if topic.name not in ("dog", "cat", "children", "siblings")
    )


def _also(world: World) -> Told | None:
    topic = world.rng.choice(_lists())
    told = _told(world, topic)
    if told is None:
        return None
    values = told.values.changed(*told.values)
    further = entries.plain_entry(world, world.speaker, topic, values)
    if further is None:
        return None
    now = speech.pick(world.rng, "context", "also").text.replace("{value}", values[topic.key])
    return told.said(), as_written(now), further.gold
