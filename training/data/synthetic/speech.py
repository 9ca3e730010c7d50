"""From sentences to a message: openers, asides, questions beside facts, registers, noise."""

from __future__ import annotations

from random import Random

from training.data.synthetic import noise
from training.data.synthetic.acts import tell
from training.data.synthetic.exchanges import talk
from training.data.synthetic.forms import Variant, lines
from training.data.synthetic.statement import as_written
from training.data.synthetic.world import Person, Values, World

_JOINS = (
    ". ",
    ". ",
    ". ",
    " and ",
    ", and ",
    ", also ",
    "; ",
    "! ",
    " - ",
    ". Also, ",
    ". Oh and ",
)
_LOOSE = frozenset((" and ", ", and ", ", also ", "; ", " - ", ". Oh and ", ". Also, "))


def phrase(world: World, file: str, section: str) -> str:
    """A random line of a talk file, filled."""
    variant = pick(world.rng, file, section)
    values = Values(world.rng, world.today)
    values["listener"] = world.listener
    return as_written(variant.text.format_map(values))


def pick(rng: Random, file: str, section: str) -> Variant:
    """A random variant out of a section of a talk file."""
    return rng.choice(rng.choice(lines(file)[section]).variants)


def compose(world: World, sentences: list[str], *, plain: bool = False, asking: bool = True) -> str:
    """One message out of the `sentences`; `plain` adds nothing, not `asking` no question."""
    rng = world.rng
    style = noise.pick_style(rng)
    text = _joined(rng, sentences, plain=plain)
    if not plain:
        text = _surrounded(world, text, asking=asking)
    if rng.random() < 0.9 and text[-1] not in ".!?)]":
        text += rng.choice((".", ".", ".", "!", ""))
    return noise.apply(rng, text, style)


def _joined(rng: Random, sentences: list[str], *, plain: bool) -> str:
    text = sentences[0]
    for sentence in sentences[1:]:
        join = rng.choice((". ", ", ", "... ", " - ")) if plain else rng.choice(_JOINS)
        begins = sentence if join in _LOOSE or plain else _capital(sentence)
        text = f"{text.rstrip('.')}{join}{begins}"
    return text


def _surrounded(world: World, text: str, *, asking: bool) -> str:
    rng, roll = world.rng, world.rng.random()
    if world.listener and asking:
        return _between_two(world, text)
    before = after = ""
    if roll < 0.34:
        before = phrase(world, "speech", "opener")
    elif roll < 0.42:
        before = phrase(world, "speech", "aside")
    if rng.random() < 0.09:
        before = f"{_asides(world, 6)} {before}".strip()
    roll = rng.random()
    if roll < 0.12:
        after = phrase(world, "speech", "closer")
    elif roll < 0.24 and asking:
        after = phrase(world, "speech", "question")
    elif roll < 0.3:
        after = _asides(world, 3)
    return _assembled(before, text, after)


def _between_two(world: World, text: str) -> str:
    rng = world.rng
    before = phrase(world, "speech", "greeting_two") if rng.random() < 0.55 else ""
    after = phrase(world, "speech", "closing_two") if rng.random() < 0.5 else ""
    if rng.random() < 0.15:
        after = f"{after} {_photo(world)}".strip()
    if rng.random() < 0.15:
        before = f"{before} {phrase(world, 'speech', 'aside')}".strip()
    return _assembled(before, text, after)


def _photo(world: World) -> str:
    """A shared picture as ingested conversations show it; brackets mean alternatives in forms."""
    return phrase(world, "speech", "photo").replace("<", "[").replace(">", "]")


def _assembled(before: str, text: str, after: str) -> str:
    """The three parts; a sentence begins with a capital unless an opener runs into it."""
    if before:
        text = f"{_capital(before)} {_capital(text) if before[-1] in '.!?' else text}"
    if after:
        text = f"{text if text[-1] in '.!?' else text + '.'} {_capital(after)}"
    return text


def _asides(world: World, most: int) -> str:
    """Talk about nothing, up to `most` sentences."""
    count = world.rng.randrange(1, most + 1)
    said = dict.fromkeys(_capital(phrase(world, "speech", "aside")) for _ in range(count))
    return " ".join(said)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def earlier_lines(world: World) -> tuple[str, ...]:
    """Up to two messages before this one that matter to nothing."""
    rng = world.rng
    if rng.random() < 0.45:
        return ()
    if not world.listener and rng.random() < 0.6:
        said, replied = rng.choice(talk(world))
        return (f"{world.speaker.gold}: {said}", f"Assistant: {replied}")
    return _earlier(world, _capital(phrase(world, "empty", "question")))


def earlier_with(world: World, said: str) -> tuple[str, ...]:
    """Messages before this one, the last of the speaker's own being `said`."""
    own = f"{world.speaker.gold}: {noise.apply(world.rng, said, noise.pick_style(world.rng))}"
    return (own, _answer(world)) if world.rng.random() < 0.7 else (own,)


def earlier_asking(world: World, question: str) -> tuple[str, ...]:
    """Messages before this one that end in `question`, with or without a remark first."""
    name = world.listener or "Assistant"
    if world.rng.random() < 0.4:
        remark = phrase(world, "speech", "remark_before")
        question = f"{remark} {question}"
    asked = f"{name}: {question}"
    if world.rng.random() < 0.4:
        return (f"{world.speaker.gold}: {_capital(phrase(world, 'empty', 'chat'))}", asked)
    return (asked,)


def bare_answer(world: World, value: str) -> str:
    """`value` alone, or with next to nothing around it."""
    return pick(world.rng, "speech", "bare_answer").text.replace("{value}", value)


def _earlier(world: World, said: str) -> tuple[str, ...]:
    own = f"{world.speaker.gold}: {said}"
    return world.rng.choice(((own, _answer(world)), (_answer(world),), (own,)))


def _answer(world: World) -> str:
    if world.listener:
        return f"{world.listener}: {_listener_says(world)}"
    return f"Assistant: {phrase(world, 'speech', 'assistant_says')}"


def _listener_says(world: World) -> str:
    """A remark, or something the other person tells of themself: no fact about the speaker."""
    told = None
    if world.rng.random() < 0.6:
        told = tell(world, Person("self", world.listener), "tell")
    if told is None:
        return phrase(world, "speech", "listener_says")
    return noise.apply(world.rng, told.said(), noise.pick_style(world.rng))


def correction(world: World, *, old: str, new: str) -> str:
    """Words that put `new` in place of `old`."""
    return pick(world.rng, "speech", "correction").text.format(old=old, new=new)
