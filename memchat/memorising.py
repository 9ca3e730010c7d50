"""The memory half of a turn: works off the persistent queue, one fact at a time.

Each step is committed before the next begins, so that a crash, a quit or a new message loses
nothing and repeats nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from memchat.agents import manager
from memchat.agents.manager import Turn
from memchat.agents.prompts import PROMPT_VERSION
from memchat.bank.bank import Bank
from memchat.bank.index import turn_text
from memchat.bank.types import Event, Fact, MemoryState, Message, Provenance
from memchat.engine.protocol import CancelToken, Engine, Role, Vectors
from memchat.timings import Timings
from memchat.turn import Decided, FactsExtracted, TurnEvent

_EARLIER_TURNS = 3
"""Preceding messages the extractor sees, to resolve "she" and "there"."""
_QUESTION = re.compile(r"[^.!?\n]+\?")


@dataclass(frozen=True, slots=True)
class Memoriser:
    """Runs the Memory Manager over one queued message at a time."""

    bank: Bank
    engine: Engine
    embed: Callable[[list[str]], Vectors]
    timings: Timings

    def work(self, message: Message, cancel: CancelToken) -> Iterator[TurnEvent]:
        """Index the turn, extract its facts, decide each; resumes where an earlier try stopped.

        Raises GenerationCancelledError when cancelled, StaleFactError when another process is
        ahead on the same message, MemchatError when a model fails.
        """
        facts = message.facts
        if message.memory_state is MemoryState.PENDING:
            turn = turn_text(message.speaker, message.text)
            self.bank.index_turn(message.id, self.embed([turn])[0])
            facts = self._extract(message, cancel)
            self.bank.save_facts(message.id, facts)
            yield FactsExtracted(message.id, facts)
        remaining = facts[message.facts_done :]
        vectors = self.embed([fact.text for fact in remaining])
        for index, fact in enumerate(remaining):
            event = self._decide(message, message.facts_done + index, fact, vectors[index], cancel)
            yield Decided(message.id, event)
        self.bank.finish_memory(message.id)

    def _extract(self, message: Message, cancel: CancelToken) -> tuple[Fact, ...]:
        before = self.bank.messages(message.chat_id, before=message.id, limit=_EARLIER_TURNS)
        earlier = tuple(line for turn in before if (line := _earlier_line(turn)))
        turn = Turn(message.text, message.said_at, message.speaker, earlier)
        with self.timings.measure("extract"):
            return manager.extract_facts(self.engine, turn, cancel)

    def _decide(
        self, message: Message, index: int, fact: Fact, vector: Vectors, cancel: CancelToken
    ) -> Event:
        with self.timings.measure("search"):
            related = self.bank.related(fact.text, vector, limit=manager.MAX_RELATED)
        with self.timings.measure("decide"):
            operation = manager.decide(self.engine, fact, related, cancel)
        if operation.text and operation.text != fact.text:
            vector = self.embed([operation.text])[0]
        return self.bank.apply(
            operation,
            vector=vector,
            message_id=message.id,
            provenance=self._provenance(),
            at=message.said_at,
            fact_index=index,
        )

    def _provenance(self) -> Provenance:
        status = self.engine.status()
        return Provenance(status.model_name, status.adapter(Role.MEMORY), PROMPT_VERSION)


def _earlier_line(message: Message) -> str:
    """A preceding turn as context: a person's words whole, of the assistant only what it asked.

    "Biscuit!" needs the question it answers, but no statement of a model may become a memory.
    """
    if message.role == "user":
        return f"{message.speaker or manager.USER}: {message.text}"
    asked = _QUESTION.findall(message.text)
    return f"Assistant: {asked[-1].strip()}" if asked else ""
