"""Relative dates made absolute in code, because a small model does no date arithmetic.

`resolve_dates("I met Ana yesterday", 8 May 2023)` gives "I met Ana on 7 May 2023". Only phrases
whose meaning is fixed by the date they were said on are touched; "soon" or "the other day" stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_SEASONS = {"spring": 4, "summer": 7, "autumn": 10, "fall": 10}
"""A month inside each season, as the northern hemisphere counts them. Winter spans two years."""
_NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            *("one", "two", "three", "four", "five", "six"),
            *("seven", "eight", "nine", "ten", "eleven", "twelve"),
        ],
        start=1,
    )
} | {"a": 1, "an": 1, "a couple of": 2, "a couple": 2, "couple of": 2}

_WEEKDAY = (
    r"(?P<weekday>(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"(?:mon|tues?|weds?|thu(?:rs?)?|fri|sat)(?![a-z]))"  # not "sun": people enjoy it
)
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_COUNT = r"(?P<count>\d{1,3}|a couple of|a couple|couple of|an?|" + "|".join(
    word for word in _NUMBERS if len(word) > 2 and "couple" not in word
)
_COUNT += ")"
_UNIT = r"(?P<unit>day|night|week|fortnight|month|year)s?"
_PART = r"(?P<part>morning|afternoon|evening|night)"
_PREPOSITION = r"(?P<before>\b(?:on|in|at|since|until|till|from|by|for|before|after|of|than)\s+)?"
_PAST = re.compile(
    r"\b(?:was|were|did|had|went|got|met|saw|came|took|made|bought|ate|left|lost|found|told|said|"
    r"started|finished|gave|won|fell|broke|\w{3,}ed)\b",
    re.IGNORECASE,
)


def format_day(day: date) -> str:
    """`7 May 2023`: one unambiguous way to write a day, in every memory."""
    return f"{day.day} {_MONTHS[day.month - 1].title()} {day.year}"


def format_month(day: date) -> str:
    """`May 2023`."""
    return f"{_MONTHS[day.month - 1].title()} {day.year}"


def resolve_dates(text: str, said_on: date) -> str:
    """`text` with each relative date replaced by the absolute one it means on `said_on`."""
    for pattern, resolve in _RULES:
        text = pattern.sub(_replacer(resolve, said_on), text)
    return text


Resolver = Callable[[re.Match[str], date], str]


def _replacer(resolve: Resolver, said_on: date) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        try:
            resolved = resolve(match, said_on)
        except (OverflowError, ValueError):  # before year 1 or after 9999
            return match[0]
        before = match["before"] or ""
        if before.strip().lower() not in ("", "on", "in", "at"):
            return before + resolved.removeprefix("on ").removeprefix("in ")
        return resolved[0].upper() + resolved[1:] if match[0][0].isupper() else resolved

    return replace


def _rule(pattern: str, resolve: Resolver) -> tuple[re.Pattern[str], Resolver]:
    return re.compile(rf"{_PREPOSITION}\b(?:{pattern})\b(?!')", re.IGNORECASE), resolve


def _on(day: date, part: str | None = None) -> str:
    return f"on the {part.lower()} of {format_day(day)}" if part else f"on {format_day(day)}"


def _day_offset(days: int) -> Resolver:
    def resolve(match: re.Match[str], said_on: date) -> str:
        return _on(said_on + timedelta(days=days), match.groupdict().get("part"))

    return resolve


def _last_night(_match: re.Match[str], said_on: date) -> str:
    return _on(said_on - timedelta(days=1), "night")


def _shift(said_on: date, count: int, unit: str) -> str:
    unit = unit.lower()
    if unit == "fortnight":
        count, unit = count * 2, "week"
    if unit in ("day", "night"):
        return _on(said_on + timedelta(days=count))
    if unit == "week":
        return _on(said_on + timedelta(weeks=count))
    if unit == "month":
        return f"in {format_month(said_on + relativedelta(months=count))}"
    return f"in {(said_on + relativedelta(years=count)).year}"


def _counted(sign: int) -> Resolver:
    def resolve(match: re.Match[str], said_on: date) -> str:
        word = match["count"].lower()
        count = int(word) if word.isdigit() else _NUMBERS[word]
        return _shift(said_on, sign * count, match["unit"])

    return resolve


def _vague_ago(match: re.Match[str], said_on: date) -> str:
    return f"{match['amount'].lower()} {match['unit'].lower()}s before {format_day(said_on)}"


def _weekday_number(name: str) -> int:
    return next(n for n, day in enumerate(_WEEKDAYS) if day.startswith(name.lower()[:3]))


def _relative_weekday(match: re.Match[str], said_on: date) -> str:
    ahead = (_weekday_number(match["weekday"]) - said_on.weekday()) % 7
    which = match["which"].lower()
    if which in ("last", "past"):
        day = said_on + timedelta(days=ahead - 7)
    elif which == "next":
        day = said_on + timedelta(days=ahead or 7)
    else:
        day = said_on + timedelta(days=ahead)
    part = match["part"]
    return _on(day, part) if part else f"on {_WEEKDAYS[day.weekday()].title()} {format_day(day)}"


def _bare_weekday(match: re.Match[str], said_on: date) -> str:
    """The nearest such day: behind when the sentence is in the past tense, else ahead."""
    start = max(match.string.rfind(mark, 0, match.start()) for mark in ".!?\n")
    end = min(
        (at for mark in ".!?\n" if (at := match.string.find(mark, match.end())) >= 0),
        default=len(match.string),
    )
    ahead = (_weekday_number(match["weekday"]) - said_on.weekday()) % 7
    in_past = _PAST.search(match.string[start + 1 : end]) is not None
    day = said_on + timedelta(days=ahead - 7 if in_past else ahead or 7)
    part = match["part"]
    return _on(day, part) if part else f"on {_WEEKDAYS[day.weekday()].title()} {format_day(day)}"


_WHICH = {"last": -1, "past": -1, "previous": -1, "this": 0, "next": 1, "coming": 1}


def _relative_period(match: re.Match[str], said_on: date) -> str:
    which, unit = _WHICH[match["which"].lower()], match["unit"].lower()
    if unit == "year":
        return f"in {said_on.year + which}"
    if unit == "month":
        return f"in {format_month(said_on + relativedelta(months=which))}"
    place = {-1: f"the {unit} before", 0: f"the {unit} of", 1: f"the {unit} after"}[which]
    return (
        f"in {place} {format_day(said_on)}"
        if unit == "week"
        else f"on {place} {format_day(said_on)}"
    )


def _relative_season(match: re.Match[str], said_on: date) -> str:
    season, which = match["season"].lower(), match["which"].lower()
    if season == "winter":
        return _relative_winter(which, said_on)
    year = said_on.year
    if which in ("last", "past") and _SEASONS[season] >= said_on.month - 1:
        year -= 1
    if which in ("next", "coming") and _SEASONS[season] <= said_on.month + 1:
        year += 1
    return f"in {season} {year}"


def _relative_winter(which: str, said_on: date) -> str:
    begins = said_on.year if said_on.month >= 9 else said_on.year - 1
    if which in ("last", "past"):
        begins -= said_on.month >= 9 or said_on.month <= 2
    elif which in ("next", "coming"):
        begins += said_on.month <= 8 or said_on.month == 12
    elif 4 <= said_on.month <= 8:
        begins += 1
    return f"in winter {begins}-{(begins + 1) % 100:02}"


def _relative_month(match: re.Match[str], said_on: date) -> str:
    month = _MONTHS.index(match["month"].lower()) + 1
    which = match["which"].lower()
    year = said_on.year
    if which in ("last", "past") and month >= said_on.month:
        year -= 1
    if which in ("next", "coming") and month <= said_on.month:
        year += 1
    return f"in {_MONTHS[month - 1].title()} {year}"


def _possessive(days: int) -> Resolver:
    def resolve(_match: re.Match[str], said_on: date) -> str:
        return f"the {format_day(said_on + timedelta(days=days))}"

    return resolve


def _possessive_pattern(day: str) -> re.Pattern[str]:
    """`today's meeting`, but not `today's the day`, where the 's is a verb."""
    verb = r"(?!\s+(?:the|my|our|a|an|so|not|been|going|gonna)\b)"
    return re.compile(rf"(?P<before>)\b{day}['’]s\b{verb}", re.IGNORECASE)


_RULES = (
    (_possessive_pattern("yesterday"), _possessive(-1)),
    (_possessive_pattern("(?:today|tonight)"), _possessive(0)),
    (_possessive_pattern("tomorrow"), _possessive(1)),
    _rule(r"the day before yesterday", _day_offset(-2)),
    _rule(r"the day after tomorrow", _day_offset(2)),
    _rule(rf"yesterday(?: {_PART})?", _day_offset(-1)),
    _rule(rf"tomorrow(?: {_PART})?", _day_offset(1)),
    _rule(r"last night", _last_night),
    _rule(r"to(?P<part>night)", _day_offset(0)),
    _rule(rf"this {_PART}", _day_offset(0)),
    _rule(r"today", _day_offset(0)),
    _rule(rf"(?:about |around )?{_COUNT} {_UNIT} (?:ago|back)", _counted(-1)),
    _rule(
        r"(?P<amount>(?:a )?few|several|some) (?P<unit>day|week|month|year)s (?:ago|back)",
        _vague_ago,
    ),
    _rule(rf"in {_COUNT} {_UNIT}(?:['’]s?)?(?: time)?(?! (?:a|per|each|every)\b)", _counted(1)),
    _rule(rf"{_COUNT} {_UNIT} from (?:now|today)", _counted(1)),
    _rule(rf"(?P<which>last|past|next|this|coming) {_WEEKDAY}(?: {_PART})?", _relative_weekday),
    _rule(
        r"(?:the )?(?P<which>last|past|previous|this|next|coming) "
        r"(?P<unit>week|month|year|weekend)",
        _relative_period,
    ),
    _rule(
        r"(?P<which>last|past|this|next|coming) (?P<season>winter|spring|summer|autumn|fall)",
        _relative_season,
    ),
    _rule(rf"(?P<which>last|past|next|coming) {_MONTH}", _relative_month),
    _rule(rf"(?<=\bon ){_WEEKDAY}(?! \d)(?: {_PART})?(?P<which>)", _bare_weekday),
)
