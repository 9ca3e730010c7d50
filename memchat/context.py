"""What fits the Answer Agent's context window: conversation, notes and message, trimmed to size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from memchat.agents.answerer import Question, answer_prompt, note_line
from memchat.bank.types import Hit, Message
from memchat.engine.protocol import ChatMessage

CountTokens = Callable[[Sequence[str]], list[int]]
"""Tokens in each text, without template or special tokens."""

_TEMPLATE_TOKENS = 16
"""Room for what a chat template puts around one message."""
_WINDOW_STEP = 4
"""Old messages leave in steps, so that the window's first message, and with it the KV cache, stays
the same for a few turns."""
_CUT = "\n[…]\n"


@dataclass(frozen=True, slots=True)
class Budget:
    """Token limits of one prompt: the whole `window` less the answer, and the notes' share."""

    window: int
    notes: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """A question that fits, and whether anything had to be left out of it."""

    question: Question
    trimmed: bool


def conversation(messages: Sequence[Message]) -> tuple[ChatMessage, ...]:
    """The chat as a prompt: user first, strictly alternating (some templates insist), no blanks."""
    turns: list[ChatMessage] = []
    for message in messages:
        if not message.text or (not turns and message.role == "assistant"):
            continue
        if turns and turns[-1].role == message.role:
            joined = f"{turns[-1].content}\n\n{message.text}"
            turns[-1] = replace(turns[-1], content=joined)
        else:
            turns.append(ChatMessage(message.role, message.text))
    if turns and turns[-1].role == "user":
        turns.pop()  # it was never answered, and the next message is the user's too
    return tuple(turns)


def fit(question: Question, budget: Budget, count: CountTokens) -> Fitted:
    """`question` within `budget`: the message first, then the notes, then the latest history."""
    system = answer_prompt(question)[0]
    room = budget.window - count([system.content])[0]
    room -= 2 * _TEMPLATE_TOKENS
    text = shorten(question.text, room // (2 if question.attachment else 1), count)
    room -= count([text])[0]
    attachment = shorten(question.attachment, room * 3 // 4, count)
    room -= count([attachment])[0]
    hits = cut_notes(question.hits, min(budget.notes, room // 2), count)
    room -= sum(count([note_line(hit) for hit in hits]))
    history = _latest(question.history, room, count)
    fitted = replace(question, text=text, attachment=attachment, hits=hits, history=history)
    trimmed = len(history) < len(question.history) or (text, attachment) != (
        question.text,
        question.attachment,
    )
    return Fitted(fitted, trimmed)


def cut_notes(hits: Sequence[Hit], tokens: int, count: CountTokens) -> tuple[Hit, ...]:
    """The best hits that take at most `tokens` together, in their order.

    Pinned ones go in first; one that is too long makes room for the next.
    """
    sizes = count([note_line(hit) for hit in hits]) if hits else []
    kept: set[int] = set()
    for position in sorted(range(len(hits)), key=lambda at: not hits[at].pinned):
        if sizes[position] <= tokens:
            tokens -= sizes[position]
            kept.add(position)
    return tuple(hit for position, hit in enumerate(hits) if position in kept)


def shorten(text: str, tokens: int, count: CountTokens) -> str:
    """The beginning and the end of `text`, in at most about `tokens` tokens."""
    while (size := count([text])[0]) > max(tokens, 0):
        half = int(len(text) * tokens / size * 0.45)
        if half <= 0:
            return ""
        text = text[:half] + _CUT + text[-half:]
    return text


def _latest(
    history: Sequence[ChatMessage], tokens: int, count: CountTokens
) -> tuple[ChatMessage, ...]:
    sizes = [size + _TEMPLATE_TOKENS for size in count([turn.content for turn in history])]
    start = 0
    while start < len(history) and sum(sizes[start:]) > tokens:
        start += _WINDOW_STEP
    return tuple(history[start:])
