"""Samples for the first task: a turn, and the facts it states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from memchat.agents.dates import resolve_dates
from memchat.agents.manager import Turn
from training.data.samples import ExtractSample
from training.data.synthetic import entries, noise, speech
from training.data.synthetic.acts import tell, tell_end
from training.data.synthetic.contexts import leaning_on_earlier
from training.data.synthetic.empties import empty_turn
from training.data.synthetic.statement import Statement, as_written, fits
from training.data.synthetic.world import World, topics_about

_EMPTY_SHARE = 0.38
_NEGATED_SHARE = 0.04
"""Facts that only say that something is no longer so."""

_CHANGES_SUBJECT = frozenset(("question", "request", "passing", "world", "opinion"))
"""Empty turns that may stand where a question to the speaker waits for an answer."""


def extract_samples(world: World) -> Iterator[ExtractSample]:
    """A turn with facts or, in about four of ten cases, one without; none when it came out bad."""
    if world.rng.random() < _EMPTY_SHARE:
        yield _empty(world)
        return
    roll = world.rng.random()
    if roll < 0.12:
        sample = _across_turns(world)
    elif roll < 0.17:
        sample = _corrected(world)
    elif roll < 0.25:
        sample = _answering(world)
    elif roll < 0.31:
        sample = _leaning(world)
    else:
        sample = _told(world)
    if sample is not None:
        yield sample


def _empty(world: World) -> ExtractSample:
    kind, text = empty_turn(world)
    earlier = speech.earlier_lines(world)
    if kind in _CHANGES_SUBJECT and world.rng.random() < 0.25:
        earlier = speech.earlier_asking(world, _question_to_speaker(world))
    return ExtractSample(_turn(world, text, earlier), (), f"empty_{kind}")


def _question_to_speaker(world: World) -> str:
    topic = world.rng.choice(topics_about(world, "self", "asked"))
    return world.rng.choice(world.rng.choice(topic.forms("asked")).variants).text


def _told(world: World) -> ExtractSample | None:
    """One to four facts, with whatever people put around them."""
    rng = world.rng
    acts = _acts(world)
    if not acts:
        return None
    sentences = _sentences(acts)
    text = speech.compose(world, sentences)
    kind = acts[0].section if len(acts) == 1 else f"several_{len(acts)}"
    earlier = speech.earlier_lines(world) if rng.random() < 0.6 else ()
    return _checked(world, text, acts, earlier, kind)


def _how_many(world: World) -> int:
    return world.rng.choices((1, 2, 3, 4), (58, 27, 11, 4))[0]


def _acts(world: World) -> list[Statement]:
    """What is told; half of the time a further fact is about the same person."""
    acts: list[Statement] = []
    for _ in range(_how_many(world)):
        again = bool(acts) and world.rng.random() < 0.5
        person = acts[-1].person if again else world.someone()
        ends = world.rng.random() < _NEGATED_SHARE
        act = tell_end(world, person) if ends else tell(world, person)
        if act is not None and not any(_repeats(act, other) for other in acts):
            acts.append(act)
    return acts


def _repeats(act: Statement, other: Statement) -> bool:
    """Whether both speak of one thing, so that they might contradict each other."""
    same = act.topic is other.topic and act.person is other.person
    return same and not act.topic.mixed


def _sentences(acts: list[Statement]) -> list[str]:
    """The words of each act; who was named already becomes "she" when nobody came between."""
    said: list[str] = []
    previous = None
    for act in acts:
        said.append(act.said(mentioned=act.person is previous and act.person.who != "self"))
        previous = act.person
    return said


def _across_turns(world: World) -> ExtractSample | None:
    """Someone is named in an earlier message, and only "she" or "he" in this one."""
    person = world.rng.choice(world.cast)
    before, now = tell(world, person, "tell"), tell(world, person, "tell")
    if before is None or now is None or now.gold == before.gold:
        return None
    if not now.variant.portable or not before.variant.portable:
        return None
    earlier = speech.earlier_with(world, before.said())
    text = speech.compose(world, [now.said(mentioned=True)])
    return _checked(world, text, [now], earlier, "coreference")


def _corrected(world: World) -> ExtractSample | None:
    """A slip mended at once: "I live in Leeds. Sorry, I meant York"."""
    told = tell(world, world.someone(), "tell")
    if told is None or told.topic.key not in told.variant.fields or any(told.whens()):
        return None  # a date in an earlier message is not resolved for the extractor
    key, said = told.topic.key, told.said()
    right = replace(told, values=told.values.changed(key))
    slip, meant = told.values[key], right.values[key]
    mend = speech.correction(world, old=slip, new=meant)
    if world.rng.random() < 0.5:
        text = speech.compose(world, [said, mend], plain=True)
        return _checked(world, text, [right], (), "corrected")
    earlier = speech.earlier_with(world, said)
    return _checked(world, speech.compose(world, [mend], plain=True), [right], earlier, "corrected")


def _answering(world: World) -> ExtractSample | None:
    """A bare value that only the question before it explains: "Where do you live?" "leeds"."""
    rng = world.rng
    topic = rng.choice(topics_about(world, "self", "asked"))
    fact = entries.plain_entry(world, world.speaker, topic)
    if fact is None or "," in fact.values[topic.key]:
        return None
    question = rng.choice(rng.choice(topic.forms("asked")).variants).text
    earlier = speech.earlier_asking(world, question)
    words = as_written(speech.bare_answer(world, fact.values[topic.key]))
    text = noise.apply(rng, words, noise.pick_style(rng))
    return ExtractSample(_turn(world, text, earlier), (fact.gold,), "answered")


def _leaning(world: World) -> ExtractSample | None:
    told = leaning_on_earlier(world)
    if told is None:
        return None
    before, now, fact = told
    text = noise.apply(world.rng, now, noise.pick_style(world.rng))
    earlier = speech.earlier_with(world, before)
    return ExtractSample(_turn(world, text, earlier), (fact,), "leaning")


def _checked(
    world: World, text: str, acts: list[Statement], earlier: tuple[str, ...], kind: str
) -> ExtractSample | None:
    """The sample, unless a fact is too long or a weekday means another date in this sentence."""
    facts = tuple(dict.fromkeys(fact for act in acts for fact in act.golds))
    if not all(map(fits, facts)) or len(facts) > 6:
        return None
    uncertain = [when for act in acts for when in act.whens() if when.depends_on_tense]
    if uncertain:
        resolved = resolve_dates(text, world.today).lower()
        if not all(when.resolved.lower() in resolved for when in uncertain):
            return None
    return ExtractSample(_turn(world, text, earlier), facts, kind)


def _turn(world: World, text: str, earlier: tuple[str, ...]) -> Turn:
    return Turn(text, world.now, world.speaker_name, earlier)
