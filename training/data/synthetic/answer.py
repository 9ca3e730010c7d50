"""Samples for the third task: name the notes that matter, then answer, briefly or in a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from memchat.agents.answerer import Question
from memchat.agents.prompts import ABSTENTION
from training.data.samples import AnswerSample, distilled_line
from training.data.synthetic import chat, noise, notes, recall
from training.data.synthetic.recall import Recall
from training.data.synthetic.world import World

_RECALLS: dict[str, tuple[Callable[[World], Recall | None], float]] = {
    "fact": (recall.one_fact, 62),
    "list": (recall.several_facts, 34),
    "unknown": (recall.unknown, 14),
}
"""Kinds of question with how often each is tried."""


def answer_samples(world: World) -> Iterator[AnswerSample]:
    """One question or message with its notes; none when the draw came out unusable."""
    roll = world.rng.random()
    if roll < 0.5:
        sample = _short(world)
    elif roll < 0.68:
        sample = _conversational(world)
    else:
        sample = chat.chat_sample(world)
    if sample is not None:
        yield sample


def _recalled(world: World) -> tuple[str, Recall] | None:
    kind = world.rng.choices(tuple(_RECALLS), tuple(weight for _, weight in _RECALLS.values()))[0]
    found = _RECALLS[kind][0](world)
    if found is None:
        return None
    return ("latest" if found.outdated and found.answer else kind), found


def _short(world: World) -> AnswerSample | None:
    """A benchmark question: a few words, or "I don't know."."""
    drawn = _recalled(world)
    if drawn is None:
        return None
    kind, found = drawn
    by_name = bool(world.listener) or world.rng.random() < 0.25
    text = recall.question_text(found.asked, by_name=by_name)
    most = 26 if world.rng.random() < 0.12 else 13
    question, line = _with_notes(world, found, text, most, short=True)
    return AnswerSample(question, line, found.answer or ABSTENTION, f"short_{kind}")


def _conversational(world: World) -> AnswerSample | None:
    """The same kind of question in a chat, answered in a sentence."""
    world.listener, named = "", world.listener
    if named:
        return None
    drawn = _recalled(world)
    if drawn is None:
        return None
    kind, found = drawn
    text = recall.question_text(found.asked, by_name=False)
    text = noise.apply(world.rng, text, noise.pick_style(world.rng))
    question, line = _with_notes(world, found, text, 12, short=False)
    return AnswerSample(question, line, chat.recall_reply(world, found), f"chat_{kind}")


def _with_notes(
    world: World, found: Recall, text: str, most: int, *, short: bool
) -> tuple[Question, str]:
    """The question with its notes among others, and the line that names them."""
    others = notes.distractors(world, found.asked, world.rng.randrange(2, most))
    arranged = notes.arranged(world, found.relevant, [*found.outdated, *others])
    hits = notes.hits(world, arranged)
    cited = [hit for hit, note in zip(hits, arranged, strict=True) if note in found.relevant]
    history = () if short else chat.small_history(world)
    question = Question(text, world.today, hits, history=history, short=short)
    return question, distilled_line(cited, hits)
