"""Ways to say when, each with the date that `resolve_dates` makes of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from memchat.agents.dates import format_day, resolve_dates

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_COUNTS = ("two", "three", "four", "five", "2", "3", "6", "ten", "a couple of")
_PARTS = ("morning", "afternoon", "evening")


class When(str):
    """A phrase such as "last Friday", with its absolute form in `resolved`."""

    __slots__ = ("resolved",)
    resolved: str

    @property
    def depends_on_tense(self) -> bool:
        """Whether the words around decide if it lies ahead or behind ("on Friday")."""
        return self.startswith("on ") and self.split()[1] in WEEKDAYS


@lru_cache(maxsize=100_000)
def _when(phrase: str, today: date, context: str) -> When:
    when = When(phrase)
    when.resolved = resolve_dates(f"{context} {phrase}", today).removeprefix(context).strip()
    return when


def past(rng: Random, today: date) -> When:
    """Any time before `today`."""
    if rng.random() < 0.15:
        return recent(rng, today)
    year, month = today.year - rng.randrange(1, 15), rng.choice(MONTHS)
    count = rng.choice(_COUNTS)
    phrase = rng.choice(
        (
            f"in {year}",
            f"back in {year}",
            f"in {month} {year}",
            f"on {rng.randrange(1, 29)} {month} {year}",
            f"on {month} {rng.randrange(1, 29)}, {year}",
            f"{count} years ago",
            f"{count} months ago",
            f"{count} weeks ago",
            "a year ago",
            "a month ago",
            "last year",
            "last month",
            f"last {rng.choice(('spring', 'summer', 'autumn', 'winter'))}",
            f"last {month}",
            "a few years ago",
            "a few months ago",
        )
    )
    return _when(phrase, today, "happened")


def recent(rng: Random, today: date) -> When:
    """Within the last weeks."""
    day, count = rng.choice(WEEKDAYS), rng.choice(_COUNTS)
    phrase = rng.choice(
        (
            "yesterday",
            "yesterday",
            f"yesterday {rng.choice(_PARTS)}",
            "today",
            "this morning",
            "last night",
            "the day before yesterday",
            f"last {day}",
            f"on {day}",
            f"last {day}",
            f"{count} days ago",
            "a week ago",
            "last week",
            "last week",
            "last weekend",
            "a few days ago",
            "a fortnight ago",
            f"on {format_day(today - timedelta(days=rng.randrange(1, 25)))}",
        )
    )
    return _when(phrase, today, "happened")


def future(rng: Random, today: date) -> When:
    """Within about a year."""
    day, count = rng.choice(WEEKDAYS), rng.choice(_COUNTS)
    ahead = today + timedelta(days=rng.randrange(2, 300))
    phrase = rng.choice(
        (
            "tomorrow",
            f"tomorrow {rng.choice(_PARTS)}",
            "tonight",
            "the day after tomorrow",
            f"next {day}",
            f"on {day}",
            f"this {day}",
            f"on {day} {rng.choice(_PARTS)}",
            f"in {count} weeks",
            f"in {count} days",
            f"in {count} months",
            "in a fortnight",
            "next week",
            "next month",
            "this weekend",
            "next weekend",
            f"next {rng.choice(('spring', 'summer', 'autumn'))}",
            f"in {MONTHS[ahead.month - 1]}",
            f"on {ahead.day} {MONTHS[ahead.month - 1]}",
            f"on {ahead.day} {MONTHS[ahead.month - 1]} {ahead.year}",
            f"on {MONTHS[ahead.month - 1]} {ahead.day}",
            "next year",
        )
    )
    return _when(phrase, today, "is")


def birthday(rng: Random, _today: date) -> str:
    """A day of the year, British or American."""
    day, month = rng.randrange(1, 29), rng.choice(MONTHS)
    return rng.choice((f"{day} {month}", f"{month} {day}", f"{day} {month}"))


def weekday(rng: Random, _today: date) -> str:
    return rng.choice(WEEKDAYS)


def month(rng: Random, _today: date) -> str:
    return rng.choice(MONTHS)


_LEAD = re.compile(r"^(?:back )?(?:on|in) (?:the (?:morning|afternoon|evening|night) of )?")
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)}) (?=\d)")


def short_date(resolved: str) -> str:
    """A date as a short answer gives it: "on Tuesday 7 May 2023" is "7 May 2023"."""
    text = _WEEKDAY.sub("", _LEAD.sub("", resolved))
    return text[0].upper() + text[1:]
