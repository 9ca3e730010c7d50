"""Conversation: replies that use a memory when it helps, and plain talk when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from memchat.agents.answerer import Question
from memchat.engine.protocol import ChatMessage
from training.data.samples import AnswerSample, distilled_line
from training.data.synthetic import entries, noise, notes, sets, speech
from training.data.synthetic.acts import tell
from training.data.synthetic.exchanges import Exchange, talk
from training.data.synthetic.forms import Topic, Variant, lines, parse_form, topics
from training.data.synthetic.notes import Note
from training.data.synthetic.recall import Recall
from training.data.synthetic.statement import Statement, as_written, fill
from training.data.synthetic.world import Values, World


def chat_sample(world: World) -> AnswerSample | None:
    """Small talk, something told, or a question that a memory helps with."""
    if world.listener:
        return None
    roll = world.rng.random()
    if roll < 0.52:
        return _talk(world)
    if roll < 0.78:
        return _told(world)
    return _helped(world)


def _talk(world: World) -> AnswerSample:
    """An everyday exchange; the notes, if any, are beside the point."""
    exchanges = talk(world)
    at = world.rng.randrange(len(exchanges))
    text, reply = exchanges[at]
    text = noise.apply(world.rng, text, noise.pick_style(world.rng))
    history = _messages(exchanges[:at])
    return _with_notes(world, _Draft("chat_talk", text, reply, _nobody(world), history=history))


def _told(world: World) -> AnswerSample | None:
    """The user tells something; the reply takes note of it, and of no memory."""
    told = tell(world, world.someone())
    if told is None or "asks" in told.topic.settings:
        return None  # thanks alone would not answer what is asked beside the fact
    text = speech.compose(world, [told.said()], asking=False)
    return _with_notes(world, _Draft("chat_told", text, _acknowledged(world, told), told))


def _acknowledged(world: World, told: Statement) -> str:
    own = told.topic.forms("ack")
    if own and told.section in ("tell", "more") and told.person.who == "self":
        fitting = [
            v for form in own for v in form.variants if told.variant.fields.issuperset(v.needs)
        ]
        if fitting and world.rng.random() < 0.7:
            reply = as_written(fill(world.rng.choice(fitting).text, told, absolute=True))
            return reply[0].upper() + reply[1:]
    section = {"change": "change", "adjust": "change", "end": "end"}.get(
        told.section, told.topic.mood
    )
    return speech.phrase(world, "replies", f"ack_{section}")


def _helped(world: World) -> AnswerSample | None:
    """Advice that takes a memory into account."""
    topic, form = world.rng.choice(_advice())
    variant = world.rng.choice(form)
    at = world.earlier()
    values = Values(world.rng, at.date(), topic.aliases)
    known = entries.entry(world, world.speaker, topic, values)
    if known is None or not variant.fields <= known.variant.fields:
        return None
    note = notes.as_note(world, known, at)
    reply = as_written(fill(variant.golds[0], known, absolute=True))
    reply = reply[0].upper() + reply[1:]
    text = noise.apply(world.rng, variant.text, noise.pick_style(world.rng))
    return _with_notes(world, _Draft("chat_helped", text, reply, known, (note,)))


def recall_reply(world: World, found: Recall, arranged: Sequence[Note]) -> str:
    """A question about something remembered, answered in a sentence."""
    if not found.answers:
        return speech.phrase(world, "replies", "unknown")
    note = found.relevant[0]
    told = note.statement
    whole = found.single and told.variant.derived and not note.text
    if whole and told.variant.golds and world.rng.random() < 0.75:
        form, said = speech.pick(world.rng, "replies", "recall").text, told.to_speaker
        reply = form.replace("{sentence}", said if form[0] == "{" else _inside(said))
    else:
        form = speech.pick(world.rng, "replies", "recall_short").text
        reply = form.replace("{answer}", sets.joined(found.in_order(arranged)))
    return reply[0].upper() + reply[1:]


def _inside(sentence: str) -> str:
    """`sentence` as the middle of another: only "You" at its start loses the capital."""
    return sentence[0].lower() + sentence[1:] if sentence.startswith("You") else sentence


def small_history(world: World) -> tuple[ChatMessage, ...]:
    """Often nothing, sometimes an exchange or two that came before."""
    rng = world.rng
    if rng.random() < 0.55:
        return ()
    exchanges = [pair for _ in range(rng.choice((1, 1, 2)))
                 for pair in talk(world)]  # fmt: skip
    return _messages(exchanges[:3])


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message and its reply, before notes are put beside them."""

    kind: str
    text: str
    reply: str
    about: Statement
    """Notes on the same are kept away, unless `relevant`."""
    relevant: tuple[Note, ...] = ()
    history: tuple[ChatMessage, ...] = ()


def _with_notes(world: World, draft: _Draft) -> AnswerSample:
    few = 0 if not draft.relevant and world.rng.random() < 0.2 else world.rng.randrange(1, 10)
    others = notes.distractors(world, draft.about, few)
    arranged = notes.arranged(world, list(draft.relevant), others)
    hits = notes.hits(world, arranged)
    cited = [hit for hit, note in zip(hits, arranged, strict=True) if note in draft.relevant]
    history = draft.history or small_history(world)
    question = Question(draft.text, world.today, hits, history=history)
    return AnswerSample(question, distilled_line(cited, hits), draft.reply, draft.kind)


def _nobody(world: World) -> Statement:
    """A statement that clashes with no memory."""
    topic = next(topic for topic in topics() if topic.name == "odd_things")
    return Statement(topic, world.cast[-1], topic.forms("tell")[0].variants[0],
                     Values(world.rng, world.today))  # fmt: skip


def _messages(exchanges: list[Exchange]) -> tuple[ChatMessage, ...]:
    return tuple(
        message
        for asked, replied in exchanges
        for message in (ChatMessage("user", asked), ChatMessage("assistant", replied))
    )


@cache
def _advice() -> tuple[tuple[Topic, tuple[Variant, ...]], ...]:
    by_name = {topic.name: topic for topic in topics()}
    found = []
    for form in lines("advice")["use"]:
        name, _, rest = form.source.partition(" | ")
        found.append((by_name[name], parse_form(rest).variants))
    return tuple(found)
