"""What the agents learn from, and how a sample becomes the very prompt that the runtime builds.

Three tasks: extract the facts of a turn, decide one operation for a fact, answer a question (name
the notes to use, then reply). `render` goes through `memchat.agents`, so training and chat cannot
drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from memchat.agents.answerer import Question, answer_prompt, distillation_line, full_reply
from memchat.agents.manager import Turn, decision_task, extraction_task
from memchat.agents.prompts import NONE, decision_prompt, extraction_prompt
from memchat.bank.types import Hit
from memchat.engine.protocol import ChatMessage

Task = Literal["extract", "decide", "answer"]
TASKS: tuple[Task, ...] = ("extract", "decide", "answer")


@dataclass(frozen=True, slots=True)
class ExtractSample:
    """A turn and the facts it states, as the extractor should word them. No facts: NONE."""

    task: ClassVar[Task] = "extract"
    turn: Turn
    facts: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class DecideSample:
    """A fact, the related memories (numbered from 1 in this order) and the operation to reply."""

    task: ClassVar[Task] = "decide"
    fact: str
    memories: tuple[str, ...]
    reply: str
    kind: str


@dataclass(frozen=True, slots=True)
class AnswerSample:
    """A question with its notes, the line that names the notes to use, and the reply.

    `distilled` ends in a newline; it is empty exactly when the question comes without notes.
    """

    task: ClassVar[Task] = "answer"
    question: Question
    distilled: str
    reply: str
    kind: str


Sample = ExtractSample | DecideSample | AnswerSample


class Rendered(NamedTuple):
    """The prompt's messages, and all that the assistant is to write after them."""

    messages: tuple[ChatMessage, ...]
    completion: str


def render(sample: Sample) -> Rendered:
    """`sample` as the runtime shows it to a model that has an adapter: no worked examples."""
    if isinstance(sample, ExtractSample):
        prompt = extraction_prompt(extraction_task(sample.turn), coached=False)
        return Rendered(prompt, "\n".join(sample.facts) or NONE)
    if isinstance(sample, DecideSample):
        task = decision_task(sample.fact, sample.memories)
        return Rendered(decision_prompt(task, coached=False), sample.reply)
    return Rendered(answer_prompt(sample.question), full_reply(sample.distilled, sample.reply))


def distilled_line(cited: Sequence[Hit], hits: Sequence[Hit]) -> str:
    """The line that names `cited` among `hits`; empty without any hits."""
    if not hits:
        return ""
    return distillation_line([n for n, hit in enumerate(hits, start=1) if hit in cited])
