"""Asks the questions of a benchmark, through the chat's own retrieval and Answer Agent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from memchat.agents import answerer
from memchat.assistant import Assistant, now
from memchat.bank.types import Event, Hit, Op
from memchat.context import Budget, fit
from memchat.engine.protocol import Role
from memchat.ingest.run import Progress
from training.data.benchmark import Case, Question
from training.evaluation.store import Records
from training.evaluation.systems import MemoryKind

CUTOFFS = (5, 10, 20, 60)
"""Ranks at which evidence recall is measured."""
_RESERVED_TOKENS = 128
"""For the line that names the notes, and the short answer."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Answers the questions about one conversation from its bank."""

    assistant: Assistant
    case: Case
    memory: MemoryKind
    records: Records

    def ask_all(self, progress: Progress) -> list[dict[str, object]]:
        """A record for each question; those already answered are not asked again."""
        done = self.records.read()
        sources = Sources(self.assistant, self.case)
        for number, question in enumerate(self.case.questions, 1):
            if question.id not in done:
                done[question.id] = self._ask(question, sources)
                self.records.add(done[question.id])
            progress(f"{self.case.id} questions", number, len(self.case.questions))
        return [done[question.id] for question in self.case.questions]

    def _ask(self, question: Question, sources: Sources) -> dict[str, object]:
        started = time.perf_counter()
        hits = self._hits(question.text)
        searched = time.perf_counter()
        shown = self._shown(question, hits)
        completion, cited = answerer.short_answer(self.assistant.engine, shown)
        return {
            "id": question.id,
            "category": question.category,
            "question": question.text,
            "gold": question.gold,
            "unanswerable": question.unanswerable,
            "answer": completion.text.strip(),
            "notes": len(shown.hits),
            "cited": [hit.text for hit in cited],
            "recall": sources.recall(question, hits) if self._retrieves else {},
            "search_seconds": searched - started,
            "answer_seconds": time.perf_counter() - searched,
        }

    @property
    def _retrieves(self) -> bool:
        return self.memory not in (MemoryKind.FULL_CONTEXT, MemoryKind.NONE)

    def _hits(self, text: str) -> tuple[Hit, ...]:
        if self.memory is MemoryKind.FULL_CONTEXT:
            return _whole(self.case)
        if self.memory is MemoryKind.NONE:
            return ()
        return tuple(self.assistant.search(text, limit=CUTOFFS[-1]))

    def _shown(self, question: Question, hits: tuple[Hit, ...]) -> answerer.Question:
        """The question as the chat would put it: as many notes as settings and window allow."""
        engine, settings = self.assistant.engine, self.assistant.settings
        window = engine.load().context_tokens - _RESERVED_TOKENS
        full = self.memory is MemoryKind.FULL_CONTEXT
        asked = answerer.Question(
            question.text,
            today=(question.asked_at or _ends_at(self.case)).date(),
            hits=hits if full else hits[: settings.max_candidates],
            short=True,
            coached=not engine.status().adapter(Role.ANSWER),
        )
        budget = Budget(window, 2 * window if full else settings.candidate_tokens)
        return fit(asked, budget, lambda texts: engine.count_tokens(Role.ANSWER, texts)).question


@dataclass(frozen=True)
class Sources:
    """Which turns each hit rests on: its own, or all those whose facts went into the memory."""

    assistant: Assistant
    case: Case
    _ids: dict[int, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        bank = self.assistant.bank
        chat = bank.find_chat("ingest", self.case.conversation.title)
        if chat is not None:
            self._ids.update((each.id, each.external_id) for each in bank.messages(chat.id))

    def recall(self, question: Question, hits: Sequence[Hit]) -> dict[str, float]:
        """Share of the question's evidence within each cut-off; empty without evidence."""
        wanted = set(question.evidence)
        if not wanted:
            return {}
        named = [self._named(hit) & wanted for hit in hits]
        return {str(k): len(set().union(*named[:k])) / len(wanted) for k in CUTOFFS}

    def _named(self, hit: Hit) -> set[str]:
        if hit.kind == "turn":
            return {self._ids.get(hit.id, "")}
        history = self.assistant.bank.history(hit.id)
        return {self._ids.get(message, "") for message in _messages(history)}


def _messages(history: Sequence[Event]) -> Iterator[int]:
    for event in history:
        if event.op in (Op.ADD, Op.UPDATE) and event.message_id is not None:
            yield event.message_id


def _whole(case: Case) -> tuple[Hit, ...]:
    """All turns as notes, the latest first: what does not fit is cut at the end."""
    turns = case.conversation.turns
    return tuple(
        Hit("turn", number, turn.text, turn.said_at or now(), 0.0, speaker=turn.speaker)
        for number, turn in reversed(list(enumerate(turns)))
    )


def _ends_at(case: Case) -> datetime:
    dates = [turn.said_at for turn in case.conversation.turns if turn.said_at is not None]
    return max(dates, default=now())
