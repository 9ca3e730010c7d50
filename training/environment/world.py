"""The world that a reply acts on: the chat's own Assistant over a bank that can be wound back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from memchat.agents import answerer
from memchat.assistant import Assistant
from memchat.bank.times import now
from memchat.bank.types import Event, MemoryState
from memchat.config import Settings
from memchat.context import Budget, fit
from memchat.engine.protocol import Engine, GenerateRequest, Role
from memchat.errors import EngineError
from memchat.turn import Decided, FactsExtracted, MemoryFailed
from training.environment.bank import Snapshot, TrialBank
from training.environment.dialogue import Dialogue
from training.environment.engines import Interposer, Reason

_RESERVED_TOKENS = 128
"""For the line that names the notes, and the short answer."""


@dataclass(slots=True)
class MemoryWork:
    """What was asked of the memory model for one turn, and what came of it."""

    extraction: GenerateRequest | None = None
    """None for a turn that is not the user's."""
    decisions: list[tuple[Event, GenerateRequest | None]] = field(default_factory=list)
    """What was done with each fact; no request where nothing was related to it."""

    @property
    def events(self) -> list[Event]:
        return [event for event, _ in self.decisions]


class World:
    """One dialogue at a time, as far as it has been told. The agents at work are the engine's.

    Without `raw_turns` questions are answered from memories alone.
    """

    def __init__(self, engine: Engine, settings: Settings, *, raw_turns: bool) -> None:
        self.engine = Interposer(engine)
        self.bank = TrialBank()
        self._settings, self._raw_turns = settings, raw_turns
        self._assistant = Assistant(self.bank, self.engine, settings)
        self._assistant.load()
        self._empty = self.bank.snapshot()
        self._at: Snapshot | None = None

    def begin(self, dialogue: Dialogue) -> None:
        """Nothing has been said yet."""
        self.bank.restore(self._empty)
        self._at = None
        first = dialogue.turns[0].said_at
        self._chat = self.bank.create_chat(kind="ingest", title=dialogue.id, at=first).id

    def go_to(self, snapshot: Snapshot) -> None:
        """Be at a moment that was saved; at no cost when it is the one we are at."""
        if snapshot is not self._at:
            self.bank.restore(snapshot)
            self._at = snapshot

    def tell(self, dialogue: Dialogue, place: int) -> MemoryWork:
        """Say the turn at `place` and remember it. Raises EngineError when a model fails on it."""
        turn = dialogue.turns[place]
        is_user = turn.role == "user"
        self.bank.add_message(
            self._chat,
            turn.role,
            turn.text,
            said_at=turn.said_at or now(),
            speaker=turn.speaker,
            memory_state=MemoryState.PENDING if is_user else MemoryState.NONE,
        )
        return self._remember(f"{dialogue.id}, turn {place + 1}")

    def _remember(self, where: str) -> MemoryWork:
        asked = self.engine.asked
        asked.clear()
        work = MemoryWork()
        for event in self._assistant.manage():
            if isinstance(event, FactsExtracted):
                work.extraction = asked.pop()
            elif isinstance(event, Decided):
                work.decisions.append((event.event, asked.pop() if asked else None))
            elif isinstance(event, MemoryFailed):
                raise EngineError(f"{where}: {event.error.message}")
        return work

    def question(self, text: str, at: datetime) -> answerer.Question:
        """A benchmark question with the notes that the chat would show."""
        vector = self._assistant.embed([text])[0]
        most = self._settings.max_candidates
        hits = self.bank.search(text, vector, limit=most, turns=self._raw_turns)
        window = self.engine.load().context_tokens - _RESERVED_TOKENS
        asked = answerer.Question(
            text,
            today=at.date(),
            hits=tuple(hits),
            short=True,
            coached=not self.engine.status().adapter(Role.ANSWER),
        )
        budget = Budget(window, self._settings.candidate_tokens)
        return fit(
            asked, budget, lambda texts: self.engine.count_tokens(Role.ANSWER, texts)
        ).question

    def answer(self, text: str, at: datetime) -> str:
        """What the Answer Agent says to a benchmark question."""
        completion, _cited = answerer.short_answer(self.engine, self.question(text, at))
        return completion.text.strip()

    def memories(self) -> list[str]:
        """The texts of the active ones."""
        return [memory.text for memory in self.bank.memories()]

    @contextmanager
    def replying(self, request: GenerateRequest, reply: str, reason: Reason) -> Iterator[None]:
        """Inside, `request` is answered by `reply`; whatever comes of it is undone at the end."""
        self.engine.given = {request: (reply, reason)}
        try:
            with self.bank.trial():
                yield
        finally:
            self.engine.given = {}
