"""One thing that somebody says is true: its words, and its wording as a memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from memchat.agents.manager import USER
from training.data.synthetic.forms import Form, Topic, Variant
from training.data.synthetic.person import first_person, second_person, third_person, with_pronoun
from training.data.synthetic.phrases import When
from training.data.synthetic.world import Person, Values

MAX_FACT_WORDS = 25

_ARTICLE = re.compile(
    r"\b([Aa]) (?=[aeioAEIO8](?!ne\b|uro)|[uU](?!ni(?:ver|c|\b)|k|se|X|K)|MOT|HR |HP |Xbox|11|18)"
)
_NOW = re.compile(r" (?:now|these days|instead)\b")
_LOWER_SUBJECT = re.compile(r"(?<![.;!?]) The user\b")


@dataclass(frozen=True, slots=True)
class Statement:
    """A variant of a topic's form about a person, with the values of its fields."""

    topic: Topic
    person: Person
    variant: Variant
    values: Values
    section: str = "tell"

    @property
    def golds(self) -> tuple[str, ...]:
        """The facts as the extractor should word them; dates absolute."""
        return tuple(self._memory(template) for template in gold_templates(self))

    @property
    def gold(self) -> str:
        """The only fact, or the first."""
        return self._memory(gold_templates(self)[0])

    @property
    def merged(self) -> str:
        """The memory after this fact changed it: the fact, put plainly, if the form has none."""
        if self.variant.merged:
            return self._memory(self.variant.merged)
        return _NOW.sub("", self.gold)

    def said(self, *, mentioned: bool = False) -> str:
        """The speaker's words; of a person `mentioned` before, with a pronoun."""
        return as_written(fill(self._spoken_template(mentioned), self, absolute=False))

    def _spoken_template(self, mentioned: bool) -> str:
        text = self.variant.text
        if self.person.who == "self":
            return first_person(text)
        if mentioned:
            return with_pronoun(text, self.person.pronouns)
        return third_person(text, self.person.pronouns, tidy=False).replace(
            "{S}", self.person.spoken
        )

    @property
    def to_speaker(self) -> str:
        """The fact told back to the speaker: "You live in Leeds". Needs a derived gold."""
        if self.person.who == "self":
            template = second_person(self.variant.text)
        else:
            template = third_person(self.variant.text, self.person.pronouns)
            template = template.replace("{S}", self.person.addressed)
        return as_written(fill(template, self, absolute=True))

    def _memory(self, template: str) -> str:
        return as_memory(fill(template, self, absolute=True))

    def drawn(self) -> Statement:
        """Itself, every value settled: what is copied from it later is then the same."""
        for name in self.variant.needs:
            _ = self.values[name]
        return self

    def whens(self) -> Iterator[When]:
        """The dates in its words."""
        for name in self.variant.needs:
            value = self.values[name]
            if isinstance(value, When):
                yield value


def gold_templates(statement: Statement) -> tuple[str, ...]:
    """Third-person templates of the facts, in the person's pronouns."""
    variant = statement.variant
    if variant.derived and variant.golds:
        return (third_person(variant.text, statement.person.pronouns),)
    return variant.golds or (variant.text,)


class _Fields:
    """What `format_map` asks for: grammatical fields, then values, dates absolute in memories."""

    __slots__ = ("_absolute", "_statement")

    def __init__(self, statement: Statement, absolute: bool) -> None:
        self._statement = statement
        self._absolute = absolute

    def __getitem__(self, name: str) -> str:
        statement = self._statement
        if name == "S":
            return statement.person.gold
        if name in ("they", "their", "them"):
            pronouns = statement.person.pronouns
            return {"they": pronouns.subject, "their": pronouns.possessive}.get(
                name, pronouns.object
            )
        value = statement.values[name]
        return value.resolved if self._absolute and isinstance(value, When) else value


def fill(template: str, statement: Statement, *, absolute: bool) -> str:
    """`template` with its fields filled, dates as said or `absolute`."""
    return template.format_map(_Fields(statement, absolute))


def as_written(text: str) -> str:
    """Small mends after filling: "an" before vowels."""
    return _ARTICLE.sub(r"\1n ", text)


def as_memory(text: str) -> str:
    """A fact as the bank stores it: a capital, a full stop, "the user" inside a sentence."""
    text = as_written(text)
    if f" {USER}" in text:
        text = _LOWER_SUBJECT.sub(" the user", text)
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."


def fits(fact: str) -> bool:
    """Whether a fact is as short as a memory should be."""
    return len(fact.split()) <= MAX_FACT_WORDS


def pick_variant(rng: Random, forms: Sequence[Form], person: Person) -> Variant | None:
    """A variant that can be told of `person`; None if there is none among a few tries."""
    for _ in range(6):
        variant = rng.choice(rng.choice(forms).variants)
        if person.who == "self" or variant.portable:
            return variant
    return None
