"""Questions about what was told: which notes hold the answer, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from training.data.synthetic import entries, notes, sets
from training.data.synthetic.forms import Cardinality, Topic
from training.data.synthetic.notes import Note
from training.data.synthetic.questions import (
    answer_text,
    askable,
    question_about,
    question_for_list,
)
from training.data.synthetic.statement import Statement
from training.data.synthetic.world import Person, Values, World, pick_topic

_MOST_LIST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Recall:
    """A question with its evidence. No answers: the notes do not hold it."""

    asked: Statement
    """The question, as a statement of the form that asks."""
    answers: tuple[str, ...]
    """As few words as possible; several for a list, each from its note or all from one."""
    relevant: list[Note]
    outdated: list[Note]
    """Notes that a newer one contradicts."""
    asks_who: bool = False
    """Whether the person is what is asked for; `asked` then says the rest."""

    @property
    def single(self) -> bool:
        """Whether one note tells the one answer, which is not the person."""
        return len(self.answers) == 1 and not self.asks_who

    def in_order(self, arranged: Sequence[Note]) -> tuple[str, ...]:
        """The answers in the order in which the notes that hold them are `arranged`."""
        if len(self.answers) != len(self.relevant):
            return self.answers
        places = [arranged.index(note) for note in self.relevant]
        pairs = sorted(zip(places, self.answers, strict=True))
        return tuple(answer for _, answer in pairs)

    def short(self, arranged: Sequence[Note]) -> str:
        """The answer as benchmarks want it."""
        text = ", ".join(self.in_order(arranged))
        return text[0].upper() + text[1:]


def one_fact(world: World) -> Recall | None:
    """A question that one thing told answers, in the newest version if it changed."""
    person = world.someone(0.35)
    topic = world.rng.choice(askable(person.who, "ask"))
    at = world.earlier()
    told = entries.entry(
        world, person, topic, Values(world.rng, at.date(), topic.aliases), section="any"
    )
    if told is None:
        return None
    outdated: list[Note] = []
    if topic.cardinality is Cardinality.SINGLE and world.rng.random() < 0.35:
        outdated, told, at = _changed(world, told)
    asked = question_about(world, told)
    if asked is None:
        return None
    return Recall(asked, (answer_text(asked),), _evidence(world, told, at, asked), outdated)


def _changed(world: World, old: Statement) -> tuple[list[Note], Statement, datetime]:
    """An older note beside a newer one that contradicts it."""
    then = world.earlier(2500)
    now = world.earlier(300)
    first, last = min(then, now), max(then, now)
    outdated = Statement(
        old.topic, old.person, old.variant, Values(world.rng, first.date(), old.topic.aliases)
    ).drawn()
    values = Values(world.rng, last.date(), old.topic.aliases)
    values.old = outdated.values
    section = "change" if old.topic.forms("change") and world.rng.random() < 0.6 else "any"
    new = entries.entry(world, old.person, old.topic, values, section=section)
    return [notes.as_note(world, outdated, first)], new or old, last


def _evidence(world: World, told: Statement, at: datetime, asked: Statement) -> list[Note]:
    """The note, its raw turn, or both. A date is never left to be worked out from a raw turn."""
    memory = Note(told, at, "")
    raw = notes.as_note(world, told, at, raw=1.0)
    roll = world.rng.random()
    dated = any(name in asked.variant.needs for name in ("past", "recent", "future"))
    if not raw.words or roll < 0.6:
        return [memory]
    return [raw] if roll < 0.8 and not dated else [memory, raw]


def several_facts(world: World) -> Recall | None:
    """A question that takes several notes to answer."""
    person = world.someone(0.25)
    if world.rng.random() < 0.4:
        return _listed(world, person)
    choices = askable(person.who, "ask_all")
    if not choices:
        return None
    topic = world.rng.choice(choices)
    found = [_single(world, person, topic) for _ in range(world.rng.choice((2, 2, 3, 3, 4)))]
    told = [note for note in found if note is not None]
    keys = list(dict.fromkeys(note.statement.values[topic.key] for note in told))
    if len(keys) != len(found):
        return None
    asked = question_for_list(world, told[0].statement, "ask_all")
    return _with_list(asked, keys, told) if asked else None


def _with_list(asked: Statement, keys: list[str], told: list[Note]) -> Recall | None:
    if len(" ".join(keys).split()) > _MOST_LIST_WORDS:
        return None
    return Recall(asked, tuple(keys), told, [])


def _single(world: World, person: Person, topic: Topic) -> Note | None:
    at = world.earlier()
    values = Values(world.rng, at.date(), topic.aliases)
    told = entries.entry(world, person, topic, values, section="any")
    if told is None or topic.key not in told.variant.fields:
        return None
    return notes.as_note(world, told, at)


def _listed(world: World, person: Person) -> Recall | None:
    """A set, in one memory that lists it or in a memory each."""
    choices = [
        topic
        for topic in askable(person.who, "ask")
        if topic.cardinality is Cardinality.SET and topic.forms("more")
    ]
    if not choices:
        return None
    topic = world.rng.choice(choices)
    found = [_single(world, person, topic) for _ in range(world.rng.choice((2, 2, 3)))]
    told = [note for note in found if note is not None]
    keys = list(dict.fromkeys(note.statement.values[topic.key] for note in told))
    if not told or len(keys) != len(found):
        return None
    asked = question_for_list(world, told[0].statement, "ask")
    if asked is None:
        return None
    if world.rng.random() < 0.6:
        items = [topic.settings["item"].format_map(note.statement.values) for note in told]
        text = sets.listed(topic, person, items)
        told = [replace(told[0], words="", text=text)]
    return _with_list(asked, keys, told)


def unknown(world: World) -> Recall | None:
    """A question that the notes do not answer; some speak of others, or of another plan."""
    person = world.someone(0.4)
    topic = world.rng.choice(askable(person.who, "ask"))
    variant = world.rng.choice(world.rng.choice(topic.forms("ask")).variants)
    if person.who != "self" and not variant.portable:
        return None
    values = Values(world.rng, world.today, topic.aliases)
    asked = Statement(topic, person, variant, values, "ask").drawn()
    near = _same_of_another(world, asked) if world.rng.random() < 0.4 else []
    if f"{{{topic.key}}}" in variant.text and world.rng.random() < 0.5:
        other = values.changed(*values)
        note = notes.told_of(world, person, topic, other)
        near += [note] if note and topic.key in note.statement.variant.fields else []
    return Recall(asked, (), [], near)


def _same_of_another(world: World, asked: Statement) -> list[Note]:
    """The very thing asked about, but told of someone else."""
    other = world.rng.choice([*world.cast, world.speaker])
    if other == asked.person:
        return []
    note = notes.told_of(world, other, asked.topic, asked.values)
    return [note] if note else []


def who_is_it(world: World) -> Recall | None:
    """A question for the person: "Who plays the oboe?"."""
    person = world.rng.choice(world.cast)
    topic = pick_topic(world, person.who)
    told = notes.told_of(world, person, topic) if topic else None
    if told is None or not person.name:
        return None
    statement = told.statement
    if not statement.variant.derived or not statement.variant.text.startswith("I"):
        return None
    return Recall(statement, (person.name,), [told], [], asks_who=True)
