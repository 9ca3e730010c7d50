"""The small world behind the words: who speaks, who they know, and what is true of whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Literal

from memchat.agents.manager import USER
from training.data.synthetic.forms import Topic, topics
from training.data.synthetic.lexicon import word_lists
from training.data.synthetic.person import HE, SHE, THEY, Pronouns
from training.data.synthetic.vocabulary import first_names, vocabularies

_WOMEN = word_lists()["female_relation"]
_MEN = word_lists()["male_relation"]
_NEITHER = word_lists()["relation"]
_PETS = word_lists()["pet_kind"]
_EPOCH = datetime(2019, 1, 1, tzinfo=UTC)

Who = Literal["self", "person", "pet"]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone facts are about: the speaker, a person the speaker knows, or a pet."""

    who: Who
    gold: str
    """As memories name them: "The user", "Clara", "The user's sister Ana"."""
    spoken: str = ""
    """As the speaker first names them ("my sister Ana"); empty for the speaker."""
    pronouns: Pronouns = THEY
    name: str = ""
    """Empty for the speaker, and for those known by their relation alone ("my boss")."""

    @property
    def addressed(self) -> str:
        """As a reply to the speaker names them: "your sister Ana"."""
        return "your " + self.spoken.removeprefix("my ")


class Values(dict[str, str]):
    """The values of a topic's fields, each drawn when a form first asks for it."""

    __slots__ = ("_aliases", "_rng", "old", "today")

    def __init__(self, rng: Random, today: date, aliases: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._rng = rng
        self._aliases = aliases or {}
        self.today = today
        self.old: Values | None = None
        """What the fields were before a change."""

    def __missing__(self, name: str) -> str:
        if name.startswith("old_"):
            return self._former()[name.removeprefix("old_")]
        plain = name.rstrip("0123456789")
        vocabulary = vocabularies()[self._aliases.get(plain, plain)]
        value = vocabulary(self._rng, self.today)
        others = [other for other in self.values() if other[:1].isupper()]
        while value in others or (self.old is not None and value == self.old.get(name)):
            value = vocabulary(self._rng, self.today)
        self[name] = value
        return value

    def _former(self) -> Values:
        if self.old is None:
            self.old = Values(self._rng, self.today, self._aliases)
            self.old.old = self  # so that a former value, drawn late, differs from the new one
        return self.old

    def changed(self, *names: str) -> Values:
        """A copy in which `names` will be drawn anew, different from here."""
        copy = Values(self._rng, self.today, self._aliases)
        copy.old = self
        copy.update({name: value for name, value in self.items() if name not in names})
        return copy


@dataclass(slots=True)
class World:
    """A speaker on a day, with the people around."""

    rng: Random
    now: datetime
    speaker: Person
    listener: str = ""
    """The other person's name, in conversations between two; empty when talking to memchat."""
    cast: list[Person] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def speaker_name(self) -> str:
        """As turns name the speaker: empty for the user of memchat."""
        return self.speaker.gold if self.listener else ""

    def earlier(self, most_days: int = 500) -> datetime:
        """Some moment before now."""
        minutes = self.rng.randrange(60 * 24, most_days * 60 * 24)
        return self.now - timedelta(minutes=minutes)

    def someone(self, relatives: float = 0.3) -> Person:
        """The speaker, or with probability `relatives` somebody of the cast."""
        return self.rng.choice(self.cast) if self.rng.random() < relatives else self.speaker


def make_world(rng: Random, *, between_two: float = 0.3) -> World:
    """A world of its own, with probability `between_two` a talk between two named people."""
    now = _EPOCH + timedelta(minutes=rng.randrange(9 * 365 * 24 * 60))
    named = rng.random() < between_two
    name, listener = rng.sample(first_names(rng.choice(("female", "male"))), 2)
    speaker = Person("self", name if named else USER)
    world = World(rng, now, speaker, listener if named else "")
    world.cast = [_relative(rng, speaker) for _ in range(4)]
    world.cast.append(_pet(rng, speaker))
    return world


def _relative(rng: Random, speaker: Person) -> Person:
    gender, relations, pronouns = rng.choice(
        (("female", _WOMEN, SHE), ("male", _MEN, HE), ("female", _WOMEN, SHE),
         ("male", _MEN, HE), ("female", _NEITHER, THEY))
    )  # fmt: skip
    relation, name = rng.choice(relations), rng.choice(first_names(gender))
    if rng.random() < 0.2:
        name = ""
    known_as = f"{relation} {name}".strip()
    return Person("person", f"{speaker.gold}'s {known_as}", f"my {known_as}", pronouns, name)


def _pet(rng: Random, speaker: Person) -> Person:
    kind, name = rng.choice(_PETS), rng.choice(word_lists()["pet_name"])
    gold = f"{speaker.gold}'s {kind} {name}"
    return Person("pet", gold, f"my {kind} {name}", rng.choice((SHE, HE)), name)


@cache
def _topics_about(
    who: Who, listening: bool, section: str
) -> tuple[tuple[Topic, ...], tuple[float, ...]]:
    """Topics with forms of `section` that can be about `who`, and how often to take each."""
    wanted = {"self": ("any", "self"), "person": ("any", "person"), "pet": ("pet",)}[who]
    found = tuple(
        topic
        for topic in topics()
        if topic.who in wanted
        and topic.forms(section)
        and not (listening and topic.name in _TO_MACHINES)
    )
    return found, tuple(len(topic.forms(section)) ** 0.7 for topic in found)


_TO_MACHINES = frozenset(("answer_style", "contact", "name", "surname", "email", "phone_number"))
"""What one tells an assistant, not a friend."""


def pick_topic(world: World, who: Who, section: str = "tell") -> Topic | None:
    """A topic that can be about `who`, those with more language more often; None without any."""
    found, weights = _topics_about(who, bool(world.listener), section)
    return world.rng.choices(found, weights)[0] if found else None


def topics_about(world: World, who: Who, section: str = "tell") -> tuple[Topic, ...]:
    """Every topic with forms of `section` that can be about `who`."""
    return _topics_about(who, bool(world.listener), section)[0]
