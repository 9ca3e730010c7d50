"""Titles by the model: short, in idle time, and never over the user's own."""

from __future__ import annotations

import pytest

from memchat.bank.bank import Bank
from memchat.tui.app import MemchatApp
from memchat.tui.titling import tidy
from tests.fakes import FakeEngine
from tests.tui.stories import telling


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Moving to Lisbon", "Moving to Lisbon"),
        ('Title: "A dog called Biscuit."\nAnd more', "A dog called Biscuit"),
        ("**Peanut allergy**", "Peanut allergy"),
        ("Lisbon", ""),
        ("I would be happy to help you with this question today", ""),
        ("Antidisestablishmentarianism " * 2, ""),
        ("1 2 3", ""),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_only_a_title_becomes_one(written: str, title: str) -> None:
    assert tidy(written) == title


def test_a_title_acts_on_nothing() -> None:
    assert "\x1b" not in tidy("Red \x1b[31m title")


async def test_an_idle_model_names_the_chat(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    fake_engine.enqueue("Nice.", "Moving to Lisbon")
    async with telling(app) as story:
        await story.says("I moved to Lisbon last week, and I like it")
        await story.remembers()
        app.session.give_title()
        await story.until(lambda: bank.chat(1).title == "Moving to Lisbon")
        app.session.give_title()
        assert len(fake_engine.requests) <= 4


async def test_a_title_has_a_word_of_what_was_said(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    fake_engine.enqueue("Nice.", "Something else entirely")
    async with telling(app) as story:
        await story.says("I moved to Lisbon")
        await story.remembers()
        app.session.give_title()
        await story.remembers()
        assert bank.chat(1).title == "I moved to Lisbon"


async def test_the_users_title_stays(app: MemchatApp, bank: Bank, fake_engine: FakeEngine) -> None:
    fake_engine.enqueue("Nice.", "Moving to Lisbon")
    async with telling(app) as story:
        await story.says("I moved to Lisbon")
        await story.remembers()
        await story.says("/rename My own words")
        await story.until(lambda: bank.chat(1).title == "My own words")
        app.session.give_title()
        await story.remembers()
        assert bank.chat(1).title == "My own words"
