"""Lives through a scenario as a user would: turns in one chat, each probe in a chat of its own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memchat.assistant import Assistant, now
from memchat.bank.bank import Bank
from memchat.bank.types import Chat, Op
from memchat.config import Settings
from memchat.engine.protocol import Engine
from memchat.ingest.run import Progress
from memchat.turn import AnswerFailed, AnswerFinished, Decided, MemoryFailed, MemoryMode
from training.data.scenarios import Probe, Scenario, ScenarioTurn
from training.evaluation.building import index_turns
from training.evaluation.store import Records
from training.evaluation.systems import MemoryKind, bank_type

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scenarios:
    """Scenarios and what they are lived through with."""

    engine: Engine
    settings: Settings
    memory: MemoryKind
    records: Records

    def run(self, scenarios: Sequence[Scenario], progress: Progress) -> list[Record]:
        """A record for each scenario; those already lived through are not run again."""
        done = self.records.read()
        results = []
        for number, scenario in enumerate(scenarios, 1):
            key = hashlib.sha256(repr(scenario).encode()).hexdigest()[:16]
            if key not in done:
                done[key] = {"id": key, "scenario": scenario.id, **self._live(scenario)}
                self.records.add(done[key])
            results.append(done[key])
            progress(f"scenarios, {self.memory}", number, len(scenarios))
        return results

    def _live(self, scenario: Scenario) -> Record:
        life = Life(self.engine, self.settings, self.memory)
        with bank_type(self.memory).in_memory(clock=life.clock) as bank:
            return life.run(scenario, bank)


@dataclass
class Life:
    """One scenario on a clock of its own."""

    engine: Engine
    settings: Settings
    memory: MemoryKind
    at: datetime = field(default_factory=now)

    def clock(self) -> datetime:
        return self.at

    def run(self, scenario: Scenario, bank: Bank) -> Record:
        """What was said, what became of it, and what passed."""
        assistant = Assistant(bank, self.engine, self.settings, clock=self.clock)
        assistant.load()
        started = time.perf_counter()
        chat = bank.create_chat(title=scenario.id, at=scenario.turns[0].said_at)
        transcript = [self._turn(assistant, chat, turn) for turn in scenario.turns]
        memories = [memory.text for memory in bank.memories()]
        probes = [self._probe(assistant, chat, probe) for probe in scenario.probes]
        return {
            "kind": scenario.kind,
            "transcript": transcript,
            "memories": memories,
            "probes": probes,
            "bank_failures": scenario.bank.failures(memories),
            "nothing_to_remember": scenario.bank.max_active == 0,
            "seconds": time.perf_counter() - started,
        }

    def _turn(self, assistant: Assistant, chat: Chat, turn: ScenarioTurn) -> Record:
        self.at = turn.said_at
        message = assistant.submit(chat.id, turn.text, self._mode)
        reply = _reply(assistant, message.id, self._mode)
        started = time.perf_counter()
        operations = self._remember(assistant)
        seconds = time.perf_counter() - started
        return {
            "user": turn.text,
            "date": turn.said_at.date().isoformat(),
            "reply": reply,
            "operations": operations,
            "memory_seconds": seconds,
        }

    def _remember(self, assistant: Assistant) -> list[Record]:
        if self.memory is MemoryKind.RAW_TURNS:
            index_turns(assistant)
        done: list[Record] = []
        for event in assistant.manage():
            if isinstance(event, Decided):
                made = event.event
                done.append(
                    {
                        "op": str(made.op),
                        "fact": made.fact,
                        "old": made.old,
                        "new": made.new,
                        "proposed": made.proposed,
                        "correction": made.correction,
                    }
                )
            elif isinstance(event, MemoryFailed):
                done.append({"op": "FAILED", "fact": event.error.message})
        return done

    def _probe(self, assistant: Assistant, chat: Chat, probe: Probe) -> Record:
        """In a chat of its own, unless the conversation itself is the memory."""
        if self.memory is not MemoryKind.FULL_CONTEXT:
            chat = assistant.bank.create_chat(title=probe.ask, at=self.at)
        mode = MemoryMode.PAUSED if self._recalls else MemoryMode.OFF
        message = assistant.submit(chat.id, probe.ask, mode)
        answer = _reply(assistant, message.id, mode)
        return {"ask": probe.ask, "answer": answer, "passed": probe.passes(answer)}

    @property
    def _recalls(self) -> bool:
        return self.memory not in (MemoryKind.FULL_CONTEXT, MemoryKind.NONE)

    @property
    def _mode(self) -> MemoryMode:
        if self.memory.extracts:
            return MemoryMode.ON
        return MemoryMode.PAUSED if self._recalls else MemoryMode.OFF


def _reply(assistant: Assistant, message_id: int, mode: MemoryMode) -> str:
    text = ""
    for event in assistant.answer(message_id, mode):
        if isinstance(event, AnswerFinished):
            text = event.reply.text
        elif isinstance(event, AnswerFailed):
            text = f"(no answer: {event.error.message})"
    return text


def writes(turn: Mapping[str, Any]) -> bool:
    """Whether a transcript's turn put anything into the bank."""
    return any(operation["op"] in (Op.ADD, Op.UPDATE) for operation in turn["operations"])
