"""Extraction and decision: what the model is shown, and what is read from its reply."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from memchat.agents import guards, manager
from memchat.agents.manager import Turn
from memchat.agents.prompts import NONE
from memchat.bank.types import Fact, Hit, Op
from memchat.engine.protocol import GenerateRequest, Role
from memchat.errors import EngineError
from tests.fakes import FakeEngine

SAID_AT = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
FACT = Fact("The user moved to Lisbon.", "The user")
BANK = [
    Hit("memory", 41, "The user has a dog named Buddy.", SAID_AT, 1.0),
    Hit("memory", 17, "The user lives in Porto.", SAID_AT, 0.9),
]


def test_the_extractor_reads_absolute_dates_and_what_came_before() -> None:
    turn = Turn("She visited yesterday", SAID_AT, earlier=("The user: Ana is my aunt.",))
    assert manager.extraction_task(turn) == (
        "Date: 8 May 2023\nEarlier: The user: Ana is my aunt.\nThe user: She visited on 7 May 2023"
    )


def test_a_named_speaker_is_the_subject_of_the_facts() -> None:
    engine = FakeEngine()
    engine.enqueue("Clara paints.", role=Role.MEMORY)
    turn = Turn("I paint!", SAID_AT, speaker="Clara")
    assert manager.extract_facts(engine, turn) == (Fact("Clara paints.", "Clara"),)
    assert engine.requests[0].messages[-1].content.endswith("Clara: I paint!")


def test_a_huge_message_is_cut_to_its_beginning_and_end() -> None:
    task = manager.extraction_task(Turn("start " + "x " * 500_000 + "end", SAID_AT))
    assert len(task) < 5000
    assert "start" in task
    assert task.endswith("end")


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        (NONE, []),
        ("One fact.", ["One fact."]),
        ("One fact.\nAnother.", ["One fact.", "Another."]),
        ("Twice.\nTwice.", ["Twice."]),
    ],
)
def test_facts_are_one_a_line_each_once(reply: str, texts: list[str]) -> None:
    assert [fact.text for fact in manager.parse_facts(reply, "The user")] == texts


def test_a_fact_cut_off_by_the_token_limit_is_left_out() -> None:
    facts = manager.parse_facts("A whole fact.\nA fact that br", "The user", truncated=True)
    assert [fact.text for fact in facts] == ["A whole fact."]


def test_a_model_without_an_adapter_is_coached_with_examples() -> None:
    turn = Turn("hello", SAID_AT)
    assert len(manager.extraction_request(turn, coached=True).messages) > 2
    assert len(manager.extraction_request(turn, coached=False).messages) == 2


def test_a_decision_is_bound_to_the_numbers_of_real_candidates() -> None:
    request = manager.decision_request(FACT.text, ["a", "b"], coached=False)
    assert request.grammar is not None
    assert 'n ::= "1" | "2"\n' in request.grammar


@pytest.mark.parametrize(
    ("reply", "op", "text", "target"),
    [
        ("ADD", Op.ADD, FACT.text, None),
        ("NOOP", Op.NOOP, "", None),
        ("DELETE 2", Op.DELETE, "", 17),
        ("UPDATE 2: The user lives in Lisbon.", Op.UPDATE, "The user lives in Lisbon.", 17),
    ],
)
def test_a_number_becomes_the_memory_it_stands_for(
    reply: str, op: Op, text: str, target: int | None
) -> None:
    operation = manager.parse_decision(reply, FACT, BANK)
    assert (operation.op, operation.text, operation.target) == (op, text, target)


@pytest.mark.parametrize("reply", ["", "MAYBE", "UPDATE", "ADD, id 1, 2023", "add"])
def test_anything_else_is_refused(reply: str) -> None:
    with pytest.raises(EngineError, match="not a decision"):
        manager.parse_decision(reply, FACT, BANK)


def test_an_update_cut_off_by_the_token_limit_becomes_an_add_and_says_so() -> None:
    operation = manager.parse_decision("UPDATE 2: The user li", FACT, BANK, truncated=True)
    assert (operation.op, operation.text) == (Op.ADD, FACT.text)
    assert operation.correction == guards.TRUNCATED


def test_nothing_related_is_an_add_without_asking_the_model() -> None:
    engine = FakeEngine()
    assert manager.decide(engine, FACT, []).op is Op.ADD
    assert engine.requests == []


def test_a_decision_passes_the_guards() -> None:
    engine = FakeEngine()
    engine.enqueue("UPDATE 2: The user lives in Porto", role=Role.MEMORY)
    operation = manager.decide(engine, FACT, BANK)
    assert (operation.op, operation.correction) == (Op.NOOP, guards.IDENTICAL)


def test_extraction_and_decisions_keep_their_own_kv_caches() -> None:
    extract = manager.extraction_request(Turn("hi", SAID_AT), coached=False)
    decide: GenerateRequest = manager.decision_request("f", ["m"], coached=False)
    assert extract.slot != decide.slot
    assert replace(extract, slot=decide.slot).role is decide.role
