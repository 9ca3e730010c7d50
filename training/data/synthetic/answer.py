"""Samples for the third task: name the notes that matter, then answer, briefly or in a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from memchat.agents.answerer import Question
from memchat.agents.prompts import ABSTENTION
from training.data.samples import AnswerSample, distilled_line
from training.data.synthetic import chat, noise, notes, recall, speech
from training.data.synthetic.notes import Note
from training.data.synthetic.questions import question_text, who_text
from training.data.synthetic.recall import Recall
from training.data.synthetic.world import World, make_world

_RECALLS: dict[str, tuple[Callable[[World], Recall | None], float]] = {
    "fact": (recall.one_fact, 60),
    "list": (recall.several_facts, 20),
    "who": (recall.who_is_it, 7),
    "unknown": (recall.unknown, 20),
}
"""Kinds of question with their shares."""
_TRIES = 30
_SHORT_SHARE, _RECALL_SHARE = 0.5, 0.2
"""Benchmark questions, and the same in a chat; the rest is conversation."""


def answer_samples(world: World) -> Iterator[AnswerSample]:
    """One question or message with its notes; none when the draw came out unusable."""
    roll = world.rng.random()
    if roll >= _SHORT_SHARE and world.listener:
        world = make_world(world.rng, between_two=0)
    if roll < _SHORT_SHARE:
        sample = _short(world)
    elif roll < _SHORT_SHARE + _RECALL_SHARE:
        sample = _conversational(world)
    else:
        sample = chat.chat_sample(world)
    if sample is not None:
        yield sample


def _recalled(world: World) -> tuple[str, Recall] | None:
    kind = world.rng.choices(tuple(_RECALLS), tuple(weight for _, weight in _RECALLS.values()))[0]
    for _ in range(_TRIES):
        found = _RECALLS[kind][0](world)
        if found is not None:
            return ("latest" if found.outdated and found.answers else kind), found
    return None


def _short(world: World) -> AnswerSample | None:
    """A benchmark question: a few words, or "I don't know."."""
    drawn = _recalled(world)
    if drawn is None:
        return None
    kind, found = drawn
    by_name = bool(world.listener) or world.rng.random() < 0.25
    text = _question(found, by_name=by_name)
    arranged = _arranged(world, found, 32 if world.rng.random() < 0.12 else 13)
    reply = found.short(arranged) if found.answers else ABSTENTION
    question = Question(text, world.today, notes.hits(world, arranged), short=True)
    return AnswerSample(question, _line(question, found, arranged), reply, f"short_{kind}")


def _conversational(world: World) -> AnswerSample | None:
    """The same kind of question in a chat, answered in a sentence."""
    drawn = _recalled(world)
    if drawn is None:
        return None
    kind, found = drawn
    text = _question(found, by_name=False)
    if world.rng.random() < 0.35:
        text = speech.phrase(world, "speech", "question_lead").replace("...", text)
    text = noise.apply(world.rng, text, noise.pick_style(world.rng))
    arranged = _arranged(world, found, 12)
    reply = chat.recall_reply(world, found, arranged)
    history = chat.small_history(world)
    question = Question(text, world.today, notes.hits(world, arranged), history=history)
    return AnswerSample(question, _line(question, found, arranged), reply, f"chat_{kind}")


def _question(found: Recall, *, by_name: bool) -> str:
    if found.asks_who:
        return who_text(found.asked)
    return question_text(found.asked, by_name=by_name)


def _arranged(world: World, found: Recall, most: int) -> list[Note]:
    """What holds the answer, among up to `most` other notes."""
    others = notes.distractors(world, found.asked, world.rng.randrange(2, most))
    return notes.arranged(world, found.relevant, [*found.outdated, *others])


def _line(question: Question, found: Recall, arranged: list[Note]) -> str:
    """The line that names the notes with the answer."""
    pairs = zip(question.hits, arranged, strict=True)
    return distilled_line([hit for hit, note in pairs if note in found.relevant], question.hits)
