"""The Memory Manager: extract facts from a turn, then decide one operation for each fact.

Memory-R1 (arXiv 2508.19828), section 3.1: o ~ pi(. | fact, related memories). The functions come
in threes (task, request, parse) so that training builds the very prompts that chat does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memchat.agents import guards
from memchat.agents.dates import format_day, resolve_dates
from memchat.agents.grammar import decision_grammar, facts_grammar
from memchat.agents.prompts import NONE, decision_prompt, extraction_prompt
from memchat.bank.types import Fact, Hit, Op, Operation
from memchat.engine.protocol import (
    CancelToken,
    Engine,
    GenerateRequest,
    Role,
    complete,
)
from memchat.errors import EngineError

USER = "The user"
"""How memories name the person who uses memchat."""

MAX_RELATED = 6
"""Memories compared with one fact."""
_EXTRACT_SLOT, _DECIDE_SLOT = 0, 1
_MAX_FACTS_TOKENS = 200
_MAX_DECISION_TOKENS = 80
_MAX_TURN_CHARACTERS = 4000
_MAX_EARLIER_CHARACTERS = 300
_DECISION = re.compile(
    r"(?P<keep>ADD|NOOP)|DELETE (?P<delete>\d+)|UPDATE (?P<update>\d+): (?P<text>.+)"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the extractor sees of one turn: the words, who said them, when, and what came before."""

    text: str
    said_at: datetime
    speaker: str = ""
    earlier: tuple[str, ...] = ()
    """Preceding turns as `speaker: text`, oldest first, for "she" and "there"."""

    @property
    def subject(self) -> str:
        return self.speaker or USER


def extraction_task(turn: Turn) -> str:
    """The text of the extraction prompt's last message, dates resolved."""
    day = turn.said_at.date()
    lines = [f"Date: {format_day(day)}"]
    lines += [f"Earlier: {_shorten(line, _MAX_EARLIER_CHARACTERS)}" for line in turn.earlier]
    text = resolve_dates(_shorten(turn.text, _MAX_TURN_CHARACTERS), day)
    lines.append(f"{turn.subject}: {text}")
    return "\n".join(lines)


def extraction_request(turn: Turn, *, coached: bool) -> GenerateRequest:
    """A request for the facts of `turn`; `coached` for a model without an adapter."""
    return GenerateRequest(
        role=Role.MEMORY,
        messages=extraction_prompt(extraction_task(turn), coached=coached),
        max_tokens=_MAX_FACTS_TOKENS,
        grammar=facts_grammar(),
        slot=_EXTRACT_SLOT,
    )


def parse_facts(reply: str, subject: str, *, truncated: bool = False) -> tuple[Fact, ...]:
    """Facts of an extraction reply, each once; a last line cut off by the limit is left out."""
    lines = [line.strip() for line in reply.splitlines()]
    if truncated:
        lines = lines[:-1]
    unique = dict.fromkeys(line for line in lines if line and line != NONE)
    return tuple(Fact(line, subject) for line in unique)


def extract_facts(
    engine: Engine, turn: Turn, cancel: CancelToken | None = None
) -> tuple[Fact, ...]:
    """What the memory model finds in `turn`. Raises GenerationCancelledError."""
    request = extraction_request(turn, coached=not engine.status().adapter(Role.MEMORY))
    reply = complete(engine, request, cancel)
    return parse_facts(reply.text, turn.subject, truncated=reply.truncated)


def decision_task(fact: str, memories: Sequence[str]) -> str:
    """The text of the decision prompt's last message; memories are numbered from 1."""
    lines = ["Memories:"]
    lines += [f"{number}. {text}" for number, text in enumerate(memories, start=1)]
    lines.append(f"New fact: {fact}")
    return "\n".join(lines)


def decision_request(fact: str, memories: Sequence[str], *, coached: bool) -> GenerateRequest:
    """A request for one operation on `fact`, bound to the numbers of `memories`."""
    return GenerateRequest(
        role=Role.MEMORY,
        messages=decision_prompt(decision_task(fact, memories), coached=coached),
        max_tokens=_MAX_DECISION_TOKENS,
        grammar=decision_grammar(len(memories)),
        slot=_DECIDE_SLOT,
    )


def parse_decision(
    reply: str, fact: Fact, memories: Sequence[Hit], *, truncated: bool = False
) -> Operation:
    """The operation that `reply` names, before the guards.

    Raises EngineError for a reply the grammar does not allow.
    """
    match = _DECISION.fullmatch(reply.strip())
    if match is None:
        raise EngineError(f"The model's reply is not a decision: {reply!r}")
    if match["keep"] == Op.ADD:
        return Operation(Op.ADD, fact, fact.text)
    if match["keep"]:
        return Operation(Op.NOOP, fact)
    if match["delete"]:
        return Operation(Op.DELETE, fact, target=memories[int(match["delete"]) - 1].id)
    if truncated:
        said = reply.strip()
        return Operation(Op.ADD, fact, fact.text, proposed=said, correction=guards.TRUNCATED)
    target = memories[int(match["update"]) - 1].id
    return Operation(Op.UPDATE, fact, match["text"].strip(), target)


def decide(
    engine: Engine, fact: Fact, memories: Sequence[Hit], cancel: CancelToken | None = None
) -> Operation:
    """One operation for `fact` given its related `memories`, guards applied.

    With nothing related there is nothing to decide: ADD is the only operation with an effect.
    Raises GenerationCancelledError.
    """
    if not memories:
        return Operation(Op.ADD, fact, fact.text)
    coached = not engine.status().adapter(Role.MEMORY)
    request = decision_request(fact.text, [hit.text for hit in memories], coached=coached)
    reply = complete(engine, request, cancel)
    operation = parse_decision(reply.text, fact, memories, truncated=reply.truncated)
    return guards.check(operation, memories)


def _shorten(text: str, characters: int) -> str:
    """At most `characters` of `text`, keeping its beginning and its end."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return text
    half = characters // 2
    return f"{text[:half]} … {text[-half:]}"
