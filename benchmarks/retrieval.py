"""How much of LoCoMo's evidence retrieval finds, how fast, and for how many tokens.

    python benchmarks/retrieval.py locomo10.json --conversation conv-30
    python benchmarks/retrieval.py locomo10.json --conversation conv-30 --bank ingested.db

The turns are those of the file. The facts are LoCoMo's own observations, standing in for a good
extractor; with --bank, turns and facts are those of a bank that `memchat ingest` filled from the
same file. Evidence recall is the share of a question's evidence turns among the turns that the
first k hits show: a raw turn shows itself, a fact the turn it was drawn from.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from memchat.agents.answerer import note_line
from memchat.bank.bank import Bank
from memchat.bank.index import turn_text
from memchat.bank.types import Fact, Hit, Op, Operation
from memchat.context import cut_notes
from memchat.engine.factory import create_engine
from memchat.engine.protocol import Engine, Role, Vector
from memchat.ingest.formats import Format, read_conversations
from memchat.ingest.turns import Conversation
from memchat.weights.discover import resolve_spec

KS = (5, 10, 20, 60)
SHOWN = 20
"""Hits whose tokens are counted."""
ADVERSARIAL = 5
_DIALOGUE_ID = re.compile(r"D(\d+):(\d+)")

Search = Callable[[str, Vector], list[Hit]]


@dataclass(frozen=True)
class Question:
    text: str
    category: int
    evidence: frozenset[str]
    """External ids of messages."""


@dataclass
class Result:
    """What a method found, question by question."""

    recall: dict[int, list[float]] = field(default_factory=lambda: {k: [] for k in KS})
    adversarial: list[float] = field(default_factory=list)
    """Recall at SHOWN of the questions without an answer."""
    budgeted: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    found: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Judge:
    """Says what a question's hits are worth. `budget` is in tokens."""

    engine: Engine
    sources: dict[int, str]
    """External ids by message id."""
    budget: int

    def record(self, result: Result, question: Question, hits: Sequence[Hit]) -> None:
        if question.category == ADVERSARIAL:
            result.adversarial.append(self._recall(question, hits[:SHOWN]))
            return
        for k in KS:
            result.recall[k].append(self._recall(question, hits[:k]))
        within_budget = cut_notes(hits, self.budget, self._count)
        result.budgeted.append(self._recall(question, within_budget))
        result.tokens.append(sum(self._count([note_line(hit) for hit in hits[:SHOWN]])))
        result.found.append(len(hits))

    def _recall(self, question: Question, hits: Sequence[Hit]) -> float:
        shown = (hit.id if hit.kind == "turn" else hit.source_message for hit in hits)
        found = {self.sources[message] for message in shown if message is not None}
        return len(question.evidence & found) / len(question.evidence)

    def _count(self, texts: Sequence[str]) -> list[int]:
        return self.engine.count_tokens(Role.ANSWER, texts)


def main() -> None:
    options = _options()
    samples = {sample["sample_id"]: sample for sample in json.loads(options.file.read_bytes())}
    names = options.conversation or list(samples)
    engine = create_engine(resolve_spec(""), in_process=True, log_file=Path("unused"))
    engine.load()
    try:
        results: dict[tuple[str, str], Result] = {}
        for name in names:
            conversation = read_conversations(options.file, Format.LOCOMO, name)[0]
            questions = list(_questions(samples[name]))
            with _bank(options, samples[name], conversation, engine) as bank:
                _measure(bank, engine, questions, options.tokens, results)
        Console().print(_table(", ".join(names), results, options.tokens))
    finally:
        engine.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="a file in LoCoMo's format")
    parser.add_argument("--conversation", action="append", help="its sample_id; repeatable")
    parser.add_argument("--bank", type=Path, help="a bank that holds the ingested conversations")
    parser.add_argument("--no-facts", action="store_true", help="leave the observations out")
    parser.add_argument("--tokens", type=int, default=1024, help="the notes' share of a prompt")
    return parser.parse_args()


def _questions(sample: dict[str, Any]) -> Iterator[Question]:
    """Those with evidence that can be read; the ids of some are malformed."""
    for entry in sample["qa"]:
        ids = _DIALOGUE_ID.findall(" ".join(entry["evidence"]))
        evidence = frozenset(_external_id(sample, *map(int, id_)) for id_ in ids)
        if evidence:
            yield Question(entry["question"], entry["category"], evidence)


def _external_id(sample: dict[str, Any], session: int, turn: int) -> str:
    return f"{sample['sample_id']}/D{session}:{turn}"


@contextmanager
def _bank(
    options: argparse.Namespace,
    sample: dict[str, Any],
    conversation: Conversation,
    engine: Engine,
) -> Iterator[Bank]:
    if options.bank:
        with Bank.open(options.bank, read_only=True) as bank:
            yield bank
        return
    with tempfile.TemporaryDirectory() as folder, Bank.open(Path(folder) / "m.db") as bank:
        status = engine.status()
        bank.claim_embedding(status.embedding_model, status.embedding_dimension)
        messages = _add_turns(bank, conversation, engine)
        if not options.no_facts:
            _add_facts(bank, sample, messages, engine)
        yield bank


def _add_turns(bank: Bank, conversation: Conversation, engine: Engine) -> dict[str, int]:
    """Message ids by external id."""
    chat = bank.create_chat(kind="ingest", title=conversation.title)
    vectors = engine.embed([turn_text(turn.speaker, turn.text) for turn in conversation.turns])
    messages = {}
    for turn, vector in zip(conversation.turns, vectors, strict=True):
        assert turn.said_at is not None
        message = bank.add_message(
            chat.id,
            "user",
            turn.text,
            said_at=turn.said_at,
            speaker=turn.speaker,
            external_id=turn.external_id,
        )
        bank.index_turn(message.id, vector)
        messages[turn.external_id] = message.id
    return messages


def _add_facts(
    bank: Bank, sample: dict[str, Any], messages: dict[str, int], engine: Engine
) -> None:
    facts = list(_observations(sample, messages))
    vectors = engine.embed([fact.text for fact, _ in facts])
    for (fact, message_id), vector in zip(facts, vectors, strict=True):
        bank.apply(
            Operation(Op.ADD, fact, fact.text),
            vector=vector,
            message_id=message_id,
            at=bank.message(message_id).said_at,
        )


def _observations(sample: dict[str, Any], messages: dict[str, int]) -> Iterator[tuple[Fact, int]]:
    """Facts and the message each is drawn from: the first, when it names several."""
    for session in sample["observation"].values():
        for speaker, observations in session.items():
            for text, source in observations:
                ids = _DIALOGUE_ID.findall(source if isinstance(source, str) else " ".join(source))
                known = (messages.get(_external_id(sample, *map(int, id_))) for id_ in ids)
                message_id = next((found for found in known if found), None)
                if message_id is not None:
                    yield Fact(text, speaker), message_id


def _measure(
    bank: Bank,
    engine: Engine,
    questions: Sequence[Question],
    budget: int,
    results: dict[tuple[str, str], Result],
) -> None:
    vectors = engine.embed([question.text for question in questions])
    judge = Judge(engine, _sources(bank), budget)
    for key, search in _methods(bank).items():
        result = results.setdefault(key, Result())
        search(questions[0].text, vectors[0])  # warm the page cache
        for question, vector in zip(questions, vectors, strict=True):
            started = time.perf_counter()
            hits = search(question.text, vector)
            result.milliseconds.append((time.perf_counter() - started) * 1000)
            judge.record(result, question, hits)


def _methods(bank: Bank) -> dict[tuple[str, str], Search]:
    kinds = ("turns", "facts", "both")
    methods = ("dense", "BM25", "hybrid")
    return {(kind, how): partial(_search, bank, kind, how) for kind in kinds for how in methods}


def _search(bank: Bank, kind: str, method: str, text: str, vector: Vector) -> list[Hit]:
    return bank.search(
        "" if method == "dense" else text,
        None if method == "BM25" else vector,
        limit=max(KS),
        memories=kind != "turns",
        turns=kind != "facts",
    )


def _sources(bank: Bank) -> dict[int, str]:
    """External ids by message id."""
    chats = bank.chats("ingest", limit=1000)
    return {m.id: m.external_id for chat in chats for m in bank.messages(chat.id)}


def _table(title: str, results: dict[tuple[str, str], Result], budget: int) -> Table:
    asked = len(results["both", "hybrid"].tokens)
    table = Table(
        title=f"Evidence recall, {title}, {asked} questions",
        caption=f"Category 5 apart. Tokens: of {SHOWN} hits, as the model is shown them. "
        f"Milliseconds: search alone, without embedding the question.",
    )
    headings = ["", "", *(f"@{k}" for k in KS), f"in {budget} tokens", f"cat. 5 @{SHOWN}"]
    for heading in (*headings, "hits", "tokens", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for (kind, method), result in results.items():
        table.add_row(kind, method, *_cells(result), end_section=method == "hybrid")
    return table


def _cells(result: Result) -> Iterator[str]:
    recalls = (*result.recall.values(), result.budgeted, result.adversarial)
    yield from (f"{np.mean(values):.3f}" if values else "" for values in recalls)
    yield f"{np.mean(result.found):.0f}"
    yield f"{np.mean(result.tokens):.0f}"
    yield from (f"{ms:.1f}" for ms in np.percentile(result.milliseconds, [50, 95]))


if __name__ == "__main__":
    main()
