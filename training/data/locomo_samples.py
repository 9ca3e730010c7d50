"""Training samples from LoCoMo's *train* conversation, in the runtime's own shape.

Extraction from the observations that come with each turn; answers from the questions, over notes
that the runtime's search finds in a bank of those observations and the raw turns. The other
conversations are for validation and test, and never read here. What is trained on this data may
not be shipped: its licence is non-commercial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from memchat.agents import answerer
from memchat.agents.dates import resolve_dates
from memchat.agents.manager import Turn
from memchat.agents.prompts import ABSTENTION
from memchat.bank.bank import Bank
from memchat.bank.index import turn_text
from memchat.bank.types import Fact, Hit, Op, Operation
from memchat.engine.embedder import Embedder
from memchat.errors import IngestError
from memchat.ingest.turns import IngestTurn
from memchat.weights.discover import resolve_spec
from training.data import locomo
from training.data.benchmark import Case, Question, read_objects
from training.data.fetch import DATASETS, fetch
from training.data.locomo import Split
from training.data.samples import AnswerSample, ExtractSample, Sample, Task, distilled_line

EARLIER_TURNS = 3
"""Preceding turns that the extractor sees, as at run time."""
MAX_NOTES = 20
"""About as many as the token budget of a chat's notes holds."""
KIND = "locomo"


def locomo_samples(name: str, task: Task) -> Iterator[Sample]:
    """Samples of a task from LoCoMo's file: `locomo` for the one that is fetched, or a path.

    There are none for decisions. Raises UsageError when the train conversation is not in it.
    """
    path = fetch(DATASETS[name]) if name in DATASETS else Path(name)
    objects = read_objects(path)
    for case in locomo.choose(locomo.read_cases(objects, path), Split.TRAIN, ()):
        observed = _observations(next(each for each in objects if each["sample_id"] == case.id))
        if task == "extract":
            yield from _extractions(case, observed)
        elif task == "answer":
            yield from _answers(case, observed)


def _observations(sample: Mapping[str, Any]) -> dict[str, list[str]]:
    """The facts that people saw in each turn, by the turn's external id."""
    found: dict[str, list[str]] = {}
    for session in (sample.get("observation") or {}).values():
        for facts in session.values():
            for text, evidence in facts:
                for turn in locomo.evidence_ids(evidence)[:1]:
                    found.setdefault(f"{sample['sample_id']}/{turn}", []).append(text)
    return found


def _extractions(case: Case, observed: Mapping[str, Sequence[str]]) -> Iterator[Sample]:
    turns = case.conversation.turns
    for place, turn in enumerate(turns):
        before = turns[max(0, place - EARLIER_TURNS) : place]
        earlier = tuple(f"{each.speaker}: {each.text}" for each in before)
        seen = Turn(turn.text, _said_at(turn), turn.speaker, earlier)
        yield ExtractSample(seen, _facts(turn, observed), KIND)


def _facts(turn: IngestTurn, observed: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What was observed in a turn, with absolute dates, as the extractor is to write them."""
    day = _said_at(turn).date()
    return tuple(resolve_dates(text, day) for text in observed.get(turn.external_id, ()))


def _answers(case: Case, observed: Mapping[str, Sequence[str]]) -> Iterator[Sample]:
    embedder = Embedder(resolve_spec("").embedder)
    with Bank.in_memory() as bank:
        sources = _fill(bank, embedder, case, observed)
        today = _said_at(case.conversation.turns[-1]).date()
        for question in case.questions:
            vector = embedder.embed([question.text])[0]
            hits = tuple(bank.search(question.text, vector, limit=MAX_NOTES))
            cited = [hit for hit in hits if sources[hit.kind, hit.id] in question.evidence]
            asked = answerer.Question(question.text, today, hits, short=True)
            line = distilled_line(cited[: answerer.MAX_CITED], hits)
            yield AnswerSample(asked, line, _reply(question, cited), KIND)


def _reply(question: Question, cited: Sequence[Hit]) -> str:
    """The gold answer, where the notes hold any of its evidence."""
    return question.gold if cited and question.gold else ABSTENTION


def _fill(
    bank: Bank, embedder: Embedder, case: Case, observed: Mapping[str, Sequence[str]]
) -> dict[tuple[str, int], str]:
    """Put turns and observations into the bank; the turn that each of its entries comes from."""
    bank.claim_embedding(embedder.name, embedder.dimension)
    chat = bank.create_chat(kind="ingest", title=case.id)
    sources: dict[tuple[str, int], str] = {}
    for turn in case.conversation.turns:
        message = bank.add_message(
            chat.id, "user", turn.text, said_at=_said_at(turn), speaker=turn.speaker
        )
        facts = _facts(turn, observed)
        vectors = embedder.embed([turn_text(turn.speaker, turn.text), *facts])
        bank.index_turn(message.id, vectors[0])
        sources["turn", message.id] = turn.external_id
        for text, vector in zip(facts, vectors[1:], strict=True):
            added = Operation(Op.ADD, Fact(text, turn.speaker), text)
            event = bank.apply(added, vector=vector, message_id=message.id, at=message.said_at)
            if event.memory_id is not None:
                sources["memory", event.memory_id] = turn.external_id
    return sources


def _said_at(turn: IngestTurn) -> datetime:
    if turn.said_at is None:
        raise IngestError(f"The turn {turn.external_id} has no date.")
    return turn.said_at
