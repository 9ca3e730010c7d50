"""The Answer Agent: name the notes that matter (memory distillation), then answer from them.

Memory-R1 (arXiv 2508.19828), section 3.2. Both steps are one reply to one prompt: the line that
names the notes is written under a grammar bound to the real candidates, then the reply follows it
freely, on the same KV cache.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from memchat.agents.dates import format_day, resolve_dates
from memchat.agents.grammar import distillation_grammar
from memchat.agents.prompts import ANSWER_LABEL, answer_system
from memchat.bank.types import Hit
from memchat.engine.protocol import (
    CancelToken,
    ChatMessage,
    Completion,
    Engine,
    GenerateRequest,
    Role,
    Sampling,
    complete,
)

MAX_CITED = 8
"""Notes that one answer may name."""
MAX_SHORT_TOKENS = 32
"""Enough for the six words of a benchmark answer."""
_MAX_DISTILLATION_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Question:
    """All that the Answer Agent is shown. `history` is oldest first; `hits` best first."""

    text: str
    today: date
    hits: tuple[Hit, ...] = ()
    history: tuple[ChatMessage, ...] = ()
    attachment: str = ""
    short: bool = False
    """Answer in a few words, as the benchmarks want it, instead of conversing."""
    coached: bool = False
    """Spell the task out, for a model without an adapter for it."""


def note_line(hit: Hit) -> str:
    """A candidate as the model reads it: its date, who said it if it is a raw turn, its text.

    Memories hold absolute dates already; those of a raw turn are resolved here.
    """
    day, text = hit.at.date(), " ".join(hit.text.split())
    if hit.kind == "turn":
        text = f'{hit.speaker or "The user"} said: "{resolve_dates(text, day)}"'
    return f"({format_day(day)}) {text}"


def question_message(question: Question) -> str:
    """The last message of the prompt: notes, attached document, then the user's words."""
    parts = []
    if question.hits:
        notes = (f"{n}. {note_line(hit)}" for n, hit in enumerate(question.hits, start=1))
        parts.append("Notes:\n" + "\n".join(notes))
    if question.attachment:
        parts.append(f"Document:\n{question.attachment}")
    if not parts:
        return question.text
    label = "Question" if question.short else "Message"
    return "\n\n".join([*parts, f"{label}: {question.text}"])


def answer_prompt(question: Question) -> tuple[ChatMessage, ...]:
    """System, conversation window, notes, message: in this order the KV cache stays warm."""
    today = f"{question.today:%A} {format_day(question.today)}"
    system = answer_system(today, short=question.short, coached=question.coached)
    return (system, *question.history, ChatMessage("user", question_message(question)))


def distillation_request(question: Question) -> GenerateRequest:
    """A request for the line that names the notes to use. Needs at least one note."""
    return GenerateRequest(
        role=Role.ANSWER,
        messages=answer_prompt(question),
        max_tokens=_MAX_DISTILLATION_TOKENS,
        grammar=distillation_grammar(len(question.hits), MAX_CITED),
    )


def parse_distillation(line: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The notes that `line` names, each once, in its order."""
    numbers = dict.fromkeys(int(number) for number in re.findall(r"\d+", line))
    return tuple(hits[number - 1] for number in numbers if 1 <= number <= len(hits))


def distil(
    engine: Engine, question: Question, cancel: CancelToken | None = None
) -> tuple[str, tuple[Hit, ...]]:
    """The line the model wrote and the notes it names; empty when there are no notes.

    Raises GenerationCancelledError.
    """
    if not question.hits:
        return "", ()
    reply = complete(engine, distillation_request(question), cancel)
    line = reply.text.rstrip("\n") + "\n"
    return line, parse_distillation(line, question.hits)


def distillation_line(numbers: Sequence[int]) -> str:
    """What the model writes to name the notes `numbers` (from 1), for training samples."""
    return f"Using: {', '.join(map(str, numbers)) or 'none'}\n"


def reply_prefill(line: str) -> str:
    """The start of the reply, given the line that names the notes; nothing without notes.

    The reply proper follows after one space.
    """
    return f"{line}{ANSWER_LABEL}" if line else ""


def full_reply(line: str, reply: str) -> str:
    """All that the model writes: the named notes, then the reply; for training samples."""
    return f"{reply_prefill(line)} {reply}" if line else reply


def answer_request(
    question: Question, distilled: str, *, max_tokens: int, sampling: Sampling
) -> GenerateRequest:
    """A request for the reply that follows the distilled line.

    A model without an adapter has not learned to go on after that line (a small one loses itself
    in numbers): it is asked for the reply alone, on the same prompt.
    """
    return GenerateRequest(
        role=Role.ANSWER,
        messages=answer_prompt(question),
        max_tokens=max_tokens,
        sampling=sampling,
        stop=("\n",) if question.short else (),
        prefill="" if question.coached else reply_prefill(distilled),
    )


def short_answer(
    engine: Engine, question: Question, cancel: CancelToken | None = None
) -> tuple[Completion, tuple[Hit, ...]]:
    """A benchmark answer, greedy, and the notes it names. Raises GenerationCancelledError."""
    line, cited = distil(engine, question, cancel)
    request = answer_request(question, line, max_tokens=MAX_SHORT_TOKENS, sampling=Sampling())
    return complete(engine, request, cancel), cited
