"""What a query names, and which texts tell something."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from memchat.bank.cues import Cues, is_small_talk, tells_something
from tests.test_text import HOSTILE


@pytest.mark.parametrize(
    ("text", "months", "years"),
    [
        ("What did I buy in March 2023?", {3}, {2023}),
        ("where was I on 5 may", {5}, set()),
        ("What happened on May 5th?", {5}, set()),
        ("Who came in June or July?", {6, 7}, set()),
        ("What changed since 1998?", set(), {1998}),
        ("May I ask something?", set(), set()),
        ("They may march on", set(), set()),
        ("My flat number is 12024", set(), set()),
    ],
)
def test_months_and_years_are_read(text: str, months: set[int], years: set[int]) -> None:
    cues = Cues.of(text)
    assert (set(cues.months), set(cues.years)) == (months, years)


def test_a_named_period_covers_what_was_said_in_it() -> None:
    may = datetime(2023, 5, 8, tzinfo=UTC)
    assert Cues.of("in May 2023").cover(may)
    assert Cues.of("in May").cover(may)
    assert Cues.of("in 2023").cover(may)
    assert not Cues.of("in May 2022").cover(may)
    assert not Cues.of("in June 2023").cover(may)
    assert not Cues.of("when?").cover(may)


def test_a_person_is_named_by_the_first_name() -> None:
    cues = Cues.of("What is Caroline's plan?")
    assert cues.name("Caroline")
    assert cues.name("caroline Smith")
    assert not cues.name("Smith")
    assert not cues.name("Carol")
    assert not cues.name("")


@pytest.mark.parametrize(
    "text",
    [
        "Where do I live?",
        "where do i live",
        "Hey Jon! What's up? How was the show??",
        "Good morning!",
        "thanks, sounds good",
        "do you remember my sister",
        "",
    ],
)
def test_questions_and_pleasantries_tell_nothing(text: str) -> None:
    assert not tells_something(text)


@pytest.mark.parametrize(
    "text",
    [
        "I live in Porto. Where do you live?",
        "Hi, I'm Odalys",
        "Good evening, my train is late",
        "Which reminds me, the dentist is on Friday",
        "no fish for me",
    ],
)
def test_statements_tell_something(text: str) -> None:
    assert tells_something(text)


@pytest.mark.parametrize("text", ["Good morning!", "Hi, how are you?", "ok thanks", "lol"])
def test_small_talk(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text", ["Who am I?", "What am I doing tomorrow evening?", "what's on tomorrow", "Porto", ""]
)
def test_what_asks_for_something_is_no_small_talk(text: str) -> None:
    assert not is_small_talk(text)


@given(HOSTILE)
def test_no_text_is_refused(text: str) -> None:
    Cues.of(text)
    tells_something(text)
    is_small_talk(text)
