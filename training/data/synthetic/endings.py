"""Facts that end others: the topic's own words for it, or a plain negation of what was told."""

from __future__ import annotations

import re

from training.data.synthetic import entries
from training.data.synthetic.forms import Variant, parse_form
from training.data.synthetic.person import conjugate, is_verb
from training.data.synthetic.statement import Statement
from training.data.synthetic.world import World

_PRESENT = re.compile(r"I (?:also )?([a-z]+) (.+)")
_STATES = (("I'm ", "am"), ("I have ", "have"), ("I've got ", "have"))
_PASSING = ("recent", "past", "future")


def end_fact(world: World, old: Statement) -> Statement | None:
    """A fact that `old` is no longer so; None if there are no words for that."""
    forms = old.topic.forms("end")
    if forms and world.rng.random() < 0.8:
        ended = entries.entry(world, old.person, old.topic, old.values, section="end")
        if ended and (old.topic.mixed or not ended.variant.fields & _own(old)):
            return None
        return ended
    return negated(world, old)


def _own(old: Statement) -> frozenset[str]:
    """The fields by which an ending names `old`."""
    return frozenset((old.topic.key,)) & old.variant.fields


def negated(world: World, old: Statement) -> Statement | None:
    """ "I keep bees" becomes "I no longer keep bees"."""
    text = negation(old.variant)
    if text is None or old.variant.fields & set(_PASSING):
        return None
    again = world.rng.random() < 0.5
    words = f"I don't {text} any more" if again and not text.startswith("am ") else None
    source = words or f"I no longer {text}"
    (variant,) = parse_form(source.replace("I no longer am ", "I'm no longer ")).variants
    return Statement(old.topic, old.person, variant, old.values, "end")


def negation(variant: Variant) -> str | None:
    """What follows "I no longer" to deny the form; None for forms that are no present state."""
    text = variant.text
    if not variant.derived or "," in text or "^" in text or "{old_" in text:
        return None
    for start, verb in _STATES:
        if text.startswith(start):
            return _plain_state(text.removeprefix(start), verb)
    match = _PRESENT.fullmatch(text)
    if match is None or conjugate(match[1]) == match[1] or not is_verb(match[1]):
        return None
    return f"{match[1]} {match[2]}"


_HABITUAL = re.compile(r"(?:a|an|into|on|at|in|afraid|scared|the|subscribed|allergic)\b")


def _plain_state(rest: str, verb: str) -> str | None:
    """ "a nurse" and "into jazz" can end; "going to Rome" and "proud of you" are left alone."""
    return f"{verb} {rest}" if _HABITUAL.match(rest) else None
