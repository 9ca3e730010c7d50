"""A title for a chat, by the model, when it has nothing else to do."""

from __future__ import annotations

import re

from memchat.engine.protocol import (
    CancelToken,
    ChatMessage,
    Engine,
    GenerateRequest,
    Role,
    Sampling,
    TextDelta,
)
from memchat.text import printable

TASK = "Write a title of two to six words for a conversation that begins like this."
QUOTED_CHARACTERS = 600
MAX_TOKENS = 16
MAX_CHARACTERS = 48
STEM = 4
MIN_WORDS, MAX_WORDS = 2, 7
_LABEL = re.compile(r"^(?:title|answer)\s*:\s*", re.IGNORECASE)


def write_title(engine: Engine, question: str, answer: str) -> str:
    """A short title for a chat that begins with these; empty when the model finds none.

    A small model may write anything: what has no word of the question in it is no title.
    Greedy, and a few tokens long. Raises EngineError and ModelError.
    """
    talk = f"{question[:QUOTED_CHARACTERS]}\n\n{answer[:QUOTED_CHARACTERS]}"
    request = GenerateRequest(
        Role.ANSWER,
        (ChatMessage("system", TASK), ChatMessage("user", talk)),
        max_tokens=MAX_TOKENS,
        sampling=Sampling(temperature=0.0),
    )
    events = engine.generate(request, CancelToken())
    title = tidy("".join(event.text for event in events if isinstance(event, TextDelta)))
    return title if _words(title) & _words(question) else ""


def _words(text: str) -> set[str]:
    """Words that mean something, by their beginnings; a title has one of what was said."""
    return {word[:STEM].casefold() for word in re.findall(r"\w+", text) if len(word) >= STEM}


def tidy(written: str) -> str:
    """The first line of what a model wrote, if it can be a title; else nothing."""
    lines = printable(written).strip().splitlines()
    line = _LABEL.sub("", lines[0]).strip(" \t\"'“”‘’*#.") if lines else ""
    fits = MIN_WORDS <= len(line.split()) <= MAX_WORDS and len(line) <= MAX_CHARACTERS
    return line if fits and any(map(str.isalpha, line)) else ""
