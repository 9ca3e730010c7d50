"""Tasks: a request that the runtime made in a world, and what comes of answering it otherwise.

They are harvested by living through dialogues with the agents as they are. Nothing in a prompt, a
grammar, a parser or a guard is repeated here: a reply is given to the runtime in the model's place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from memchat.agents import answerer, manager
from memchat.agents.prompts import ANSWER_LABEL
from memchat.bank.times import now
from memchat.bank.types import Event, Op
from memchat.engine.protocol import GenerateRequest, Role
from memchat.ingest.run import Progress
from training.environment.bank import Snapshot
from training.environment.dialogue import Asked, Dialogue, Expected, Wanted
from training.environment.world import MemoryWork, World
from training.grammar.gbnf import compile_grammar
from training.rewards import INVALID, Outcome, mean
from training.rl_recipe import Agent

if TYPE_CHECKING:
    from training.rollout import Task

_WORDS = r"[^\x00-\x1f\x7f]*"
"""What the runtime reads of a short answer: up to the first line break."""
_CORRECTED = 0.5
"""Validity of a reply that a guard had to mend."""


@dataclass(frozen=True, eq=False)
class TurnTask:
    """One request of the memory work on one turn: its extraction, or the decision on one fact.

    The rest of that work is done by the agents as they are, and so is the answering.
    """

    world: World
    dialogue: Dialogue
    place: int
    before: Snapshot
    """The bank as it stood before the turn."""
    request: GenerateRequest
    decided: int | None
    """Decisions made on this turn before it; None for the extraction."""

    def outcome(self, reply: str, *, truncated: bool) -> Outcome:
        """See rollout.Task."""
        if not (truncated or _is_valid(self.request, reply)):
            return INVALID
        self.world.go_to(self.before)
        with self.world.replying(self.request, reply, "length" if truncated else "stop"):
            work = self.world.tell(self.dialogue, self.place)
            return self._judged(work.events)

    def _judged(self, events: Sequence[Event]) -> Outcome:
        dialogue, place = self.dialogue, self.place
        scores = [self._score(question) for question in dialogue.asked_after(place)]
        wanted = dialogue.wanted_after(place)
        whole, near = wanted.score(self.world.memories()) if wanted else (0.0, 0.0)
        own = events if self.decided is None else events[self.decided : self.decided + 1]
        return Outcome(
            validity=_CORRECTED if any(event.correction for event in own) else 1.0,
            exact_match=mean(exact for exact, _ in scores),
            f1=mean(f1 for _, f1 in scores),
            bank=near,
            bank_exact=whole,
            growth=_growth(events, len(dialogue.turns[place].text)),
        )

    def _score(self, question: Asked) -> tuple[float, float]:
        at = self.dialogue.turns[self.place].said_at or now()
        return question.expected.score(self.world.answer(question.text, at))


@dataclass(frozen=True, slots=True)
class AnswerTask:
    """A question over the notes of a finished dialogue: name those to use, then answer."""

    request: GenerateRequest
    expected: Expected

    def outcome(self, reply: str, *, truncated: bool) -> Outcome:
        """See rollout.Task. A reply that is cut off counts by what it says."""
        if not (truncated or _is_valid(self.request, reply)):
            return INVALID
        _line, _label, answer = reply.rpartition(ANSWER_LABEL)
        exact, f1 = self.expected.score(answer.strip())
        return Outcome(exact_match=exact, f1=f1)


@dataclass(frozen=True, slots=True)
class FactsTask:
    """The facts of a turn that are known: no bank is needed to judge them."""

    request: GenerateRequest
    subject: str
    wanted: Wanted

    def outcome(self, reply: str, *, truncated: bool) -> Outcome:
        """See rollout.Task."""
        if not (truncated or _is_valid(self.request, reply)):
            return INVALID
        facts = manager.parse_facts(reply, self.subject, truncated=truncated)
        whole, near = self.wanted.score([fact.text for fact in facts])
        return Outcome(bank=near, bank_exact=whole)


def harvest(
    world: World, dialogues: Sequence[Dialogue], agent: Agent, progress: Progress
) -> list[Task]:
    """Every task for `agent` in the dialogues, in their order."""
    tasks: list[Task] = []
    for number, dialogue in enumerate(dialogues, 1):
        tasks += _harvest_one(world, dialogue, agent)
        progress("environment", number, len(dialogues))
    return tasks


def _harvest_one(world: World, dialogue: Dialogue, agent: Agent) -> Iterator[Task]:
    world.begin(dialogue)
    for place in range(len(dialogue.turns)):
        matters = bool(dialogue.asked_after(place) or dialogue.wanted_after(place))
        before = world.bank.snapshot() if matters and agent is not Agent.ANSWER else None
        work = world.tell(dialogue, place)
        if before is not None:
            for request, decided in _requests(work, agent):
                yield TurnTask(world, dialogue, place, before, request, decided)
    if agent is Agent.ANSWER:
        at = dialogue.ends_at or now()
        for asked in dialogue.questions:
            yield answer_task(world.question(asked.text, at), asked.expected)


def _requests(work: MemoryWork, agent: Agent) -> Iterator[tuple[GenerateRequest, int | None]]:
    if agent is Agent.EXTRACTOR and work.extraction is not None:
        yield work.extraction, None
    if agent is Agent.MANAGER:
        for number, (_event, request) in enumerate(work.decisions):
            if request is not None:
                yield request, number


def answer_task(question: answerer.Question, expected: Expected) -> AnswerTask:
    """Both steps of an answer as one reply, which they are to the model (answerer.full_reply)."""
    question = replace(question, coached=False)
    messages = answerer.answer_prompt(question)
    if not question.hits:
        request = GenerateRequest(
            Role.ANSWER, messages, answerer.MAX_SHORT_TOKENS, grammar=f"root ::= {_WORDS}"
        )
        return AnswerTask(request, expected)
    notes = answerer.distillation_request(question)
    return AnswerTask(
        replace(
            notes,
            max_tokens=notes.max_tokens + answerer.MAX_SHORT_TOKENS,
            grammar=_with_answer(notes.grammar or ""),
        ),
        expected,
    )


def _with_answer(notes_grammar: str) -> str:
    """The runtime's grammar for the line of notes, then the label it puts there, then words."""
    line = notes_grammar.replace("root ::=", "notes ::=", 1)
    return f'root ::= notes "{ANSWER_LABEL}" {_WORDS}\n{line}'


def _is_valid(request: GenerateRequest, reply: str) -> bool:
    return request.grammar is None or compile_grammar(request.grammar).accepts(reply)


def _growth(events: Sequence[Event], said: int) -> float:
    """Characters that the bank grew by for each one that was said, between 0 and 1."""
    grown = sum(
        len(event.new) - len(event.old) for event in events if event.op in (Op.ADD, Op.UPDATE)
    )
    lost = sum(len(event.old) for event in events if event.op is Op.DELETE)
    return min(max(grown - lost, 0) / max(said, 1), 1.0)
