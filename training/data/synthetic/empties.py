"""Turns that state no lasting fact about their author, however much they look like it."""

from __future__ import annotations

from training.data.synthetic import noise, speech
from training.data.synthetic.acts import tell
from training.data.synthetic.person import HE, SHE, third_person
from training.data.synthetic.statement import Statement, as_written, fill
from training.data.synthetic.vocabulary import any_name
from training.data.synthetic.world import Person, World

_KINDS = {
    "chat": 14, "question": 16, "hypothetical": 6, "fiction": 8, "request": 12, "world": 8,
    "opinion": 5, "quote": 3, "passing": 9, "asked": 12, "framed": 14, "document": 10,
}  # fmt: skip


def empty_turn(world: World) -> tuple[str, str]:
    """(kind, text) of such a turn."""
    rng = world.rng
    if world.listener and rng.random() < 0.55:
        text = speech.phrase(world, "reactions", "reaction")
        return "reaction", noise.apply(rng, text, noise.pick_style(rng))
    kind = rng.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
    if kind == "asked":
        text = _question_about_facts(world)
    elif kind == "framed":
        text = _framed(world)
    elif kind == "document":
        return kind, _document(world)
    else:
        text = speech.phrase(world, "passing" if kind == "passing" else "empty", kind)
        if rng.random() < 0.12:
            text = f"{text} {speech.phrase(world, 'empty', rng.choice(('chat', 'question')))}"
    text = _with_company(world, text)
    return kind, noise.apply(rng, text, noise.pick_style(rng))


def _with_company(world: World, text: str) -> str:
    if world.listener and world.rng.random() < 0.5:
        return f"{speech.phrase(world, 'speech', 'greeting_two')} {text[:1].upper()}{text[1:]}"
    if not world.listener and world.rng.random() < 0.1:
        return f"{speech.phrase(world, 'speech', 'opener')} {text}"
    return text


def _question_about_facts(world: World) -> str:
    """A question about something remembered, which tells nothing new."""
    for _ in range(5):
        told = tell(world, world.someone(), "ask")
        if told is not None:
            return told.said()
    return speech.phrase(world, "empty", "question")


def _framed(world: World) -> str:
    """A fact inside a translation, a story, a what-if, somebody else's words."""
    rng = world.rng
    about_other = rng.random() < 0.4
    told = tell(world, world.speaker, "tell")
    if told is None or not told.variant.portable:
        return speech.phrase(world, "empty", "fiction")
    frame = speech.pick(rng, "frames", "other" if about_other else "first").text
    values = told.values.changed()
    if about_other:
        values["name"] = any_name(rng, world.today)
        values["other"] = _about_nobody(world, told, values["name"])
    else:
        values["fact"] = told.said()
    return as_written(frame.format_map(values))


def _about_nobody(world: World, told: Statement, name: str) -> str:
    person = Person("person", name, name, world.rng.choice((SHE, HE)))
    template = third_person(told.variant.text, person.pronouns).replace("{S}", name)
    return fill(template, told, absolute=False)


def _document(world: World) -> str:
    """Pasted text, with or without a line of the author's own."""
    document = speech.phrase(world, "documents", "document").replace("\\n", "\n")
    if world.rng.random() < 0.75:
        lead = speech.phrase(world, "documents", "lead")
        return f"{lead}\n\n{document}" if world.rng.random() < 0.7 else f"{document}\n\n{lead}"
    return document
