"""The language files: fact types and every way to talk about them, read from `forms/*.txt`.

A file holds topics. `= home | single | any` opens one: its name, its cardinality and whom it can
be about; `+ home` adds to one of another file. `key: value` lines are settings; a bare `name:`
opens a section whose indented lines are
forms. In a form, `[a|b]` are alternatives, `{city}` is a field, and `text => gold` gives the fact
(several split by ` ;; `); without it the gold is the form itself in the third person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from itertools import islice, product

from training.data.synthetic.person import is_about_speaker, third_person

MAX_VARIANTS = 96
"""Expansions kept of one form; a form with more keeps the first ones."""

_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
_MARK = re.compile(r"~(\w*) ")
_FIELD = re.compile(r"\{(\w+)\}")
_GRAMMATICAL = frozenset(("S", "they", "their", "them", "items", "count"))
_HEADER = re.compile(r"(\w+): +(\S.*)")
_SECTION = re.compile(r"(\w+):\s*")


class Cardinality(StrEnum):
    """How many values a person has of a topic."""

    SINGLE = "single"
    """One at a time: a new one replaces the old (home, job)."""
    SET = "set"
    """A list that grows: a further one is merged in (dogs, languages)."""
    EVENT = "event"
    """Any number, each its own memory (trips, appointments)."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One expansion of a form: the words in the first person, and what they state."""

    text: str
    golds: tuple[str, ...]
    merged: str
    fields: frozenset[str]
    """Fields of the golds; of the text where there are none."""
    portable: bool
    """Whether the text can be told of someone else by changing the grammatical person."""
    derived: bool
    """Whether the gold is the text itself in the third person."""

    needs: tuple[str, ...]
    """Every field that the text or the golds show, without the "old_" ones."""


@dataclass(frozen=True, slots=True)
class Form:
    """One line of a language file."""

    source: str
    variants: tuple[Variant, ...]
    tag: str | None = None
    """Of a form marked "~" or "~tag": it says something of its own, neither a repeat nor a variant
    of its topic. A question with a tag asks for just the forms with that tag."""

    @property
    def distinct(self) -> bool:
        return self.tag is not None


@dataclass(frozen=True, eq=False)
class Topic:
    """A fact type and its language."""

    name: str
    theme: str
    cardinality: Cardinality
    who: str
    """"any", "self", "person" (never the speaker) or "pet"."""
    mood: str = "neutral"
    settings: dict[str, str] = field(default_factory=dict)
    sections: dict[str, tuple[Form, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The field that tells one entry of the topic from another."""
        return self.settings.get("key", "")

    @property
    def mixed(self) -> bool:
        """Whether its forms state different things, so that none repeats another."""
        return "mixed" in self.settings

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Fields that draw from a vocabulary of another name, as `alias: name=pet_name`."""
        pairs = self.settings.get("alias", "").split()
        return dict(pair.split("=", 1) for pair in pairs)

    def forms(self, section: str) -> tuple[Form, ...]:
        return self.sections.get(section, ())


def expand(template: str) -> Iterator[str]:
    """Every string that the `[a|b]` alternatives of `template` allow; innermost first."""
    match = _ALTERNATIVES.search(template)
    if match is None:
        yield " ".join(template.split())
        return
    before, after = template[: match.start()], template[match.end() :]
    for choice in match[1].split("|"):
        yield from expand(before + choice + after)


def fields_of(template: str) -> frozenset[str]:
    """Names of the fields to fill, the grammatical ones left out."""
    return frozenset(_FIELD.findall(template)) - _GRAMMATICAL


def parse_form(line: str) -> Form:
    """A line `text`, `text => gold ;; gold` or `text => gold => merged`, marked "~" or not."""
    mark = _MARK.match(line)
    line = line[mark.end() :] if mark else line
    text, _, rest = line.partition(" => ")
    gold, _, merged = rest.partition(" => ")
    explicit = tuple(part.strip() for part in gold.split(" ;; ") if part.strip())
    golds = list(product(*(tuple(expand(part)) for part in explicit)))
    made = (
        _variant(words, golds[index % len(golds)], merged)
        for index, words in enumerate(islice(expand(text), MAX_VARIANTS))
    )
    return Form(line, tuple(dict.fromkeys(made)), mark[1] if mark else None)


def _variant(text: str, explicit: tuple[str, ...], merged: str) -> Variant:
    about_speaker = is_about_speaker(text) and "{S}" not in text
    golds = explicit or ((third_person(text),) if about_speaker else ())
    fields = frozenset().union(*map(fields_of, golds or (text,)))
    shown = fields | fields_of(text)
    needs = tuple(sorted(name for name in shown if not name.startswith("old_")))
    return Variant(text, golds, merged.strip(), fields, about_speaker, not explicit, needs)


def parse_topics(text: str, theme: str) -> list[Topic]:
    """The topics of one language file. Raises ValueError naming a line it cannot read."""
    found: list[Topic] = []
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if line.startswith("= "):
            found.append(_open_topic(stripped, theme))
        elif line.startswith("+ "):
            found.append(Topic(stripped.removeprefix("+ "), theme, Cardinality.EVENT, _MORE_OF))
        elif found and line[0].isspace():
            sections = found[-1].sections
            sections[section] = (*sections.get(section, ()), parse_form(stripped))
        elif found and (header := _HEADER.fullmatch(stripped)):
            found[-1].settings[header[1]] = header[2]
        elif found and (header := _SECTION.fullmatch(stripped)):
            section = header[1]
        else:
            raise ValueError(f"{theme}: cannot read {line!r}")
    return found


def _open_topic(line: str, theme: str) -> Topic:
    name, cardinality, who, *mood = (part.strip() for part in line.removeprefix("= ").split("|"))
    return Topic(name, theme, Cardinality(cardinality), who, mood[0] if mood else "neutral")


_MORE_OF = "more"
"""In place of whom a topic is about: its sections go to the topic of that name."""


def _united(found: Iterable[Topic]) -> list[Topic]:
    """The topics, each with the sections that other files add to it."""
    united: dict[str, Topic] = {}
    for topic in sorted(found, key=lambda topic: topic.who == _MORE_OF):
        if topic.who != _MORE_OF:
            united[topic.name] = topic
            continue
        sections = united[topic.name].sections
        for name, more in topic.sections.items():
            sections[name] = (*sections.get(name, ()), *more)
    return list(united.values())


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic of `forms/*.txt`."""
    folder = files(__package__) / "forms"
    found = [
        topic
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        for topic in parse_topics(file.read_text(encoding="utf-8"), file.name.removesuffix(".txt"))
    ]
    return tuple(_with_cancellations(topic) for topic in _united(found))


def _with_cancellations(topic: Topic) -> Topic:
    """A topic with a `noun` can be called off or moved in all the general ways too."""
    if noun := topic.settings.get("noun"):
        for section, general in lines("cancel").items():
            made = tuple(parse_form(form.source.replace("{noun}", noun)) for form in general)
            topic.sections[section] = topic.forms(section) + made
    return topic


@cache
def lines(name: str) -> dict[str, tuple[Form, ...]]:
    """The sections of `talk/{name}.txt`: words that belong to no topic, same syntax."""
    text = (files(__package__) / "talk" / f"{name}.txt").read_text(encoding="utf-8")
    (topic,) = parse_topics(f"= {name} | event | self\n{text}", name)
    return topic.sections
