"""Every word the models are told, in one place. Training and chat read the same text.

A role with an adapter has learned its task and gets one line that names it. A role without one is
*coached*: instructions in full and, for the memory tasks, worked examples. Either way the beginning
is the same each time, so that the KV cache keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence

from memchat.engine.protocol import ChatMessage

PROMPT_VERSION = "1"
"""Recorded with every event. Raise it whenever a text or layout below changes."""

EXTRACT_TASK = "Write the facts to remember."
DECIDE_TASK = "Keep the memories true."
ANSWER_TASK = "You are a friendly assistant that remembers the user. Today is {today}."
SHORT_ANSWER_TASK = "Answer in a few words from the notes."

EXTRACT_COACHING = (
    "You write the long-term memory of an assistant. Read the last message and write down each "
    "lasting fact that its author states as true about themself or their world: one a line, in the "
    "third person, complete on its own, at most 25 words. Greetings, questions, requests, stories, "
    "what-ifs, general knowledge and pasted text hold no such fact. If there is none, write NONE."
)

DECIDE_COACHING = (
    "You keep a memory bank true. Compare the new fact with the numbered memories and write one "
    "line. ADD: it is new. NOOP: a memory says it already. UPDATE n: merged text: it changes or "
    "extends memory n; keep all that is still true. DELETE n: it only says that memory n is no "
    "longer true."
)

ANSWER_COACHING = (
    "Notes from memory may stand before a message: use those that matter, never invent what they "
    "do not say. Where notes disagree, the latest is right."
)

SHORT_ANSWER_COACHING = (
    "Six words at most. Where notes disagree, the latest is right. If the notes do not say, "
    "answer: I don't know."
)

NONE = "NONE"
"""What extraction writes when a message holds no fact."""

ABSTENTION = "I don't know."
"""What a short answer says when the notes do not hold it."""

ANSWER_LABEL = "Answer:"
"""What stands between the line that names the notes and the reply."""

_EXTRACT_EXAMPLES = (
    (
        "Date: 3 March 2024\nThe user: hey! My sister Ana moved to Oslo on 2 March 2024, and I "
        "finally got my driving licence.",
        "The user's sister Ana moved to Oslo on 2 March 2024.\n"
        "The user got a driving licence by 3 March 2024.",
    ),
    ("Date: 9 June 2024\nThe user: How do I boil an egg?", NONE),
    (
        "Date: 21 July 2024\nThe user: I have a cat called Miso.",
        "The user has a cat called Miso.",
    ),
    ("Date: 2 August 2024\nThe user: Write me a story about a pirate who lost her ship.", NONE),
    (
        "Date: 5 September 2024\nEarlier: The user: My brother Tom is visiting.\n"
        "The user: He can't eat gluten. Lovely weather today, isn't it?",
        "The user's brother Tom can't eat gluten.",
    ),
)

_DECIDE_EXAMPLES = (
    (
        "Memories:\n1. The user has a cat called Miso.\n2. The user lives in Bergen.\n"
        "New fact: The user adopted a second cat, Pepper.",
        "UPDATE 1: The user has two cats, Miso and Pepper.",
    ),
    (
        "Memories:\n1. The user plays the violin.\n2. The user lives in Bergen.\n"
        "New fact: The user moved to Oslo.",
        "UPDATE 2: The user lives in Oslo.",
    ),
    (
        "Memories:\n1. The user works as a nurse.\n2. The user lives in Oslo.\n"
        "New fact: The user is allergic to peanuts.",
        "ADD",
    ),
    (
        "Memories:\n1. The user owns a red bicycle.\n2. The user works as a nurse.\n"
        "New fact: The user no longer owns a bicycle.",
        "DELETE 1",
    ),
    (
        "Memories:\n1. The user works as a nurse.\n2. The user plays the violin.\n"
        "New fact: The user is a nurse.",
        "NOOP",
    ),
)


def extraction_prompt(task: str, *, coached: bool) -> tuple[ChatMessage, ...]:
    """Messages that ask for the facts in `task` (see `manager.extraction_task`)."""
    if not coached:
        return (ChatMessage("system", EXTRACT_TASK), ChatMessage("user", task))
    return _worked_examples(EXTRACT_COACHING, _EXTRACT_EXAMPLES, task)


def decision_prompt(task: str, *, coached: bool) -> tuple[ChatMessage, ...]:
    """Messages that ask for one operation on `task` (see `manager.decision_task`)."""
    if not coached:
        return (ChatMessage("system", DECIDE_TASK), ChatMessage("user", task))
    return _worked_examples(DECIDE_COACHING, _DECIDE_EXAMPLES, task)


def answer_system(today: str, *, short: bool, coached: bool) -> ChatMessage:
    """The Answer Agent's instructions, for a conversation or for benchmark questions."""
    task = SHORT_ANSWER_TASK if short else ANSWER_TASK.format(today=today)
    coaching = SHORT_ANSWER_COACHING if short else ANSWER_COACHING
    return ChatMessage("system", f"{task} {coaching}" if coached else task)


def _worked_examples(
    system: str, examples: Sequence[tuple[str, str]], task: str
) -> tuple[ChatMessage, ...]:
    messages = [ChatMessage("system", system)]
    for question, answer in examples:
        messages.append(ChatMessage("user", question))
        messages.append(ChatMessage("assistant", answer))
    messages.append(ChatMessage("user", task))
    return tuple(messages)
