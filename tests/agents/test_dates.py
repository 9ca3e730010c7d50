"""Relative dates become absolute ones, and nothing else changes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat.agents.dates import format_day, resolve_dates

MONDAY = date(2023, 5, 8)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("I met Ana yesterday", "I met Ana on 7 May 2023"),
        ("Yesterday I went out", "On 7 May 2023 I went out"),
        ("the day before yesterday we flew", "on 6 May 2023 we flew"),
        ("the day after tomorrow we fly", "on 10 May 2023 we fly"),
        ("yesterday's meeting", "the 7 May 2023 meeting"),
        ("tomorrow morning I run", "on the morning of 9 May 2023 I run"),
        ("last night I slept", "on the night of 7 May 2023 I slept"),
        ("two weeks ago I quit", "on 24 April 2023 I quit"),
        ("3 months ago I quit", "in February 2023 I quit"),
        ("10 years ago", "in 2013"),
        ("a few days ago he left", "a few days before 8 May 2023 he left"),
        ("in a couple of weeks", "on 22 May 2023"),
        ("in two days' time", "on 10 May 2023"),
        ("a month from now", "in June 2023"),
        ("since last year", "since 2022"),
        ("last week", "in the week before 8 May 2023"),
        ("this weekend", "on the weekend of 8 May 2023"),
        ("last Friday was fun", "on Friday 5 May 2023 was fun"),
        ("last Monday", "on Monday 1 May 2023"),
        ("next Monday", "on Monday 15 May 2023"),
        ("until next Tuesday evening", "until the evening of 9 May 2023"),
        ("last summer", "in summer 2022"),
        ("last winter", "in winter 2022-23"),
        ("next winter", "in winter 2023-24"),
        ("last May", "in May 2022"),
        ("next June", "in June 2023"),
    ],
)
def test_a_relative_date_is_resolved_against_the_day_it_was_said(said: str, meant: str) -> None:
    assert resolve_dates(said, MONDAY) == meant


def test_a_bare_weekday_lies_behind_in_the_past_tense_and_ahead_otherwise() -> None:
    assert resolve_dates("We met on Friday.", MONDAY) == "We met on Friday 5 May 2023."
    assert resolve_dates("I'm leaving on Friday.", MONDAY) == "I'm leaving on Friday 12 May 2023."
    two = resolve_dates("It was fun. I fly on Friday.", MONDAY)
    assert two == "It was fun. I fly on Friday 12 May 2023."


@pytest.mark.parametrize(
    "said",
    [
        "on Fridays I swim",
        "I run 5 km a day",
        "twice in 3 days a year",
        "today's the day",
        "the other day, soon, recently",
        "enjoying this sun",
        "9999 years ago",
        "You may go",
    ],
)
def test_what_is_not_fixed_by_the_date_is_left_alone(said: str) -> None:
    assert resolve_dates(said, MONDAY) == said


@given(st.text(), st.dates())
def test_any_text_on_any_date_is_taken(text: str, said_on: date) -> None:
    assert isinstance(resolve_dates(text, said_on), str)


@given(st.dates())
def test_a_formatted_day_is_not_relative_any_more(day: date) -> None:
    assert resolve_dates(f"on {format_day(day)}", MONDAY) == f"on {format_day(day)}"
