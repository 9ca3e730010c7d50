"""The guards stop duplicates and losses, record what they did, and touch nothing else."""

from datetime import UTC, datetime

import pytest

from memchat.agents import guards
from memchat.bank.types import Fact, Hit, Op, Operation

SAID_AT = datetime(2023, 5, 8, tzinfo=UTC)


def memory(number: int, text: str) -> Hit:
    return Hit("memory", number, text, SAID_AT, 1.0)


def add(text: str) -> Operation:
    return Operation(Op.ADD, Fact(text), text)


def update(target: int, text: str, fact: str) -> Operation:
    return Operation(Op.UPDATE, Fact(fact), text, target)


BANK = [
    memory(7, "The user has a dog named Buddy."),
    memory(9, "The user lives in Porto."),
    memory(12, "The user runs 5 km every day."),
]


def test_an_add_of_what_is_known_becomes_a_noop_that_names_where() -> None:
    checked = guards.check(add("the user has a dog, named Buddy"), BANK)
    assert (checked.op, checked.target, checked.correction) == (Op.NOOP, 7, guards.DUPLICATE)
    assert checked.proposed.startswith("ADD")


def test_a_new_fact_is_added_untouched() -> None:
    operation = add("The user has a cat named Miso.")
    assert guards.check(operation, BANK) == operation


def test_a_different_number_is_no_duplicate() -> None:
    operation = add("The user runs 10 km every day.")
    assert guards.check(operation, BANK) == operation


def test_an_update_to_the_same_text_becomes_a_noop() -> None:
    checked = guards.check(update(9, "The user lives in Porto", "The user is in Porto."), BANK)
    assert (checked.op, checked.target, checked.correction) == (Op.NOOP, 9, guards.IDENTICAL)


def test_an_update_that_repeats_another_memory_becomes_a_noop() -> None:
    checked = guards.check(update(9, "The user has a dog named Buddy.", "A dog."), BANK)
    assert (checked.op, checked.target, checked.correction) == (Op.NOOP, 7, guards.DUPLICATE)


def test_losing_the_first_dog_becomes_an_add_of_the_second() -> None:
    fact = "The user adopted another dog named Scout."
    checked = guards.check(update(7, "The user has a dog named Scout.", fact), BANK)
    assert (checked.op, checked.text, checked.target) == (Op.ADD, fact, None)
    assert checked.correction == guards.LOSS
    assert checked.proposed == "UPDATE The user has a dog named Scout."


def test_a_loss_that_is_known_already_becomes_a_noop() -> None:
    bank = [*BANK, memory(13, "The user adopted another dog named Scout.")]
    fact = "The user adopted another dog named Scout."
    checked = guards.check(update(7, "The user has a dog named Scout.", fact), bank)
    assert (checked.op, checked.target, checked.correction) == (Op.NOOP, 13, guards.LOSS)


@pytest.mark.parametrize(
    ("old", "merged", "fact", "lost"),
    [
        ("Lives in Porto.", "Lives in Lisbon.", "The user moved to Lisbon.", False),
        ("Runs 5 km.", "Runs 10 km.", "The user now runs 10 km.", False),
        ("Has a dog, Buddy.", "Has two dogs, Buddy and Scout.", "Also has Scout.", False),
        ("Has a dog, Buddy.", "Has a dog, Scout.", "Has another dog, Scout.", True),
        ("Ana is 7 and likes art.", "Ana likes music.", "Ana likes music.", True),
        ("Met Ana on 7 May 2023.", "Met Ana.", "The user likes Ana.", True),
        ("Has two dogs, Buddy and Scout.", "Has a dog, Buddy.", "Rehomed Scout.", False),
        ("Maria's car is red.", "Maria has a red car.", "Maria has a car.", False),
    ],
)
def test_a_detail_is_lost_unless_the_fact_replaces_it(
    old: str, merged: str, fact: str, lost: bool
) -> None:
    assert guards.loses_detail(old, merged, fact) is lost


def test_a_delete_is_the_models_own_decision() -> None:
    operation = Operation(Op.DELETE, Fact("The user gave Buddy away."), target=7)
    assert guards.check(operation, BANK) == operation
