"""What the Answer Agent is shown: memories and raw turns, most of them beside the point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memchat.bank.types import Hit
from training.data.synthetic import entries, noise
from training.data.synthetic.forms import Topic
from training.data.synthetic.statement import Statement, fits
from training.data.synthetic.world import Person, Values, World, topics_about


@dataclass(frozen=True, slots=True)
class Note:
    """A statement made at some time, as a memory or as the very words."""

    statement: Statement
    at: datetime
    words: str
    """The raw turn; empty for a memory."""
    text: str = ""
    """Another wording of the memory."""

    def hit(self, number: int, speaker: str) -> Hit:
        if self.words:
            return Hit("turn", number, self.words, self.at, score=0.0, speaker=speaker)
        return Hit("memory", number, self.text or self.statement.gold, self.at, score=0.0)


def distractors(world: World, about: Statement, count: int) -> list[Note]:
    """Notes that do not answer anything about the topic of `about`."""
    notes: list[Note] = []
    for _ in range(count * 3):
        if len(notes) == count:
            break
        note = _distractor(world, about)
        if note is not None and fits(note.statement.gold):
            notes.append(note)
    return notes


def _distractor(world: World, about: Statement) -> Note | None:
    rng = world.rng
    if rng.random() < 0.2:
        person = rng.choice([*world.cast, world.speaker])
        return None if person == about.person else told_of(world, person, about.topic)
    person = about.person if rng.random() < 0.3 else world.someone(0.3)
    topic = rng.choice(topics_about(world, person.who))
    if person == about.person and entries.may_clash(topic, about.topic):
        return None
    return told_of(world, person, topic)


def told_of(
    world: World, person: Person, topic: Topic, values: Values | None = None
) -> Note | None:
    """Something of `topic` told at an earlier time; None where it cannot be about `person`."""
    if (
        topic.who
        not in {"self": ("any", "self"), "person": ("any", "person"), "pet": ("pet",)}[person.who]
    ):
        return None
    at = world.earlier()
    values = values or Values(world.rng, at.date(), topic.aliases)
    told = entries.entry(world, person, topic, values, section="any")
    return as_note(world, told, at) if told else None


def as_note(world: World, told: Statement, at: datetime, *, raw: float = 0.3) -> Note:
    """A memory, or with probability `raw` the speaker's own words if the statement has some."""
    sayable = told.person.who == "self" or told.variant.portable
    if sayable and "{S}" not in told.variant.text and world.rng.random() < raw:
        words = noise.apply(world.rng, told.said(), noise.pick_style(world.rng))
        return Note(told, at, words)
    return Note(told, at, "")


def arranged(world: World, relevant: list[Note], others: list[Note]) -> list[Note]:
    """All notes, what matters rather near the top, as a search would have it."""
    rng = world.rng
    keyed = [(rng.random() * 0.7, note) for note in relevant]
    keyed += [(rng.random(), note) for note in others]
    return [note for _, note in sorted(keyed, key=lambda pair: pair[0])]


def hits(world: World, notes: list[Note]) -> tuple[Hit, ...]:
    """The notes as search results, best first."""
    return tuple(note.hit(n, world.speaker_name) for n, note in enumerate(notes, start=1))
