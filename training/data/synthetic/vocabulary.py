"""Things and names to talk about: word lists, made-up values, and Faker's names of many countries.

A *vocabulary* is a function of (rng, today). Fields of the forms name one each: {city}, {age};
a digit at the end makes a second, independent value ({city2}).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module
from random import Random

from training.data.synthetic import phrases
from training.data.synthetic.lexicon import word_lists

Vocabulary = Callable[[Random, date], str]

_LOCALES = (
    "en_GB", "en_US", "en_IN", "es_ES", "pt_PT", "it_IT", "de_DE", "fr_FR", "pl_PL", "nl_NL",
    "sv_SE", "fi_FI", "tr_TR", "id_ID", "ga_IE", "cs_CZ", "hu_HU", "ro_RO", "en_NG", "hr_HR",
)  # fmt: skip
_NAME = re.compile(r"[A-ZÀ-Þ][a-zß-ÿ']{1,9}")
_NOT_NAMES = frozenset(word_lists()["not_a_name"])


@cache
def first_names(gender: str) -> tuple[str, ...]:
    """Given names in Latin script, "female" or "male", from Faker's locales."""
    names: dict[str, None] = {}
    for locale in _LOCALES:
        try:
            provider = import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        found = getattr(provider, f"first_names_{gender}", ())
        names |= dict.fromkeys(name for name in found if _NAME.fullmatch(name))
    return tuple(name for name in names if name not in _NOT_NAMES)


def any_name(rng: Random, _today: date) -> str:
    """A given name of either gender."""
    return rng.choice(first_names("female" if rng.random() < 0.5 else "male"))


def employer(rng: Random, _today: date) -> str:
    """A made-up company, two surnames, or a kind of place."""
    lists = word_lists()
    roll = rng.random()
    if roll < 0.2:
        return rng.choice(lists["employer_plain"])
    if roll < 0.35:
        return f"{rng.choice(lists['surname'])} & {rng.choice(lists['surname'])}"
    return f"{rng.choice(lists['company_first'])} {rng.choice(lists['company_last'])}"


def _name(gender: str) -> Vocabulary:
    return lambda rng, _today: rng.choice(first_names(gender))


def _list(name: str) -> Vocabulary:
    words = word_lists()[name]
    return lambda rng, _today: rng.choice(words)


def _integer(low: int, high: int, step: int = 1) -> Vocabulary:
    return lambda rng, _today: str(rng.randrange(low, high + 1, step))


def _money(low: int, high: int, step: int) -> Vocabulary:
    def money(rng: Random, _today: date) -> str:
        return f"{rng.choice('££$$€')}{rng.randrange(low, high + 1, step):,}"

    return money


def _clock(rng: Random, _today: date) -> str:
    hour, minute = rng.randrange(5, 12), rng.choice(("", "", ":15", ":30", ":45"))
    return f"{hour}{minute}{rng.choice(('am', 'pm', ' am', ' pm'))}"


def _wake_time(rng: Random, _today: date) -> str:
    return f"{rng.randrange(4, 10)}{rng.choice(('', ':15', ':30', ':45', ':10'))}am"


def _years(rng: Random, _today: date) -> str:
    return rng.choice(
        ("two years", "three years", "six months", "ten years", "a year", "about five years",
         "eight months", "four years", "nearly a decade", "seven years", "eighteen months")
    )  # fmt: skip


def _frequency(rng: Random, _today: date) -> str:
    day = rng.choice(phrases.WEEKDAYS)
    return rng.choice(
        (f"every {day}", "twice a week", "every morning", "once a month", "every evening",
         "three times a week", "every other weekend", f"on {day}s", "every day", "at weekends",
         "every Sunday morning", "once a week", f"every {day} evening")
    )  # fmt: skip


def _shoe_size(rng: Random, _today: date) -> str:
    return rng.choice(("EU {eu}", "{uk}", "{uk}.5", "UK {uk}", "US {uk}", "{eu}")).format(
        eu=rng.randrange(36, 47), uk=rng.randrange(4, 13)
    )


def _email(rng: Random, today: date) -> str:
    name = any_name(rng, today).lower()
    return f"{name}.{rng.choice(word_lists()['surname']).lower()}{rng.randrange(2, 99)}@example.com"


def _phone_number(rng: Random, _today: date) -> str:
    return f"07700 900{rng.randrange(100, 1000)}"


def _birth_year(rng: Random, today: date) -> str:
    return str(today.year - rng.randrange(19, 82))


def _past_year(rng: Random, today: date) -> str:
    return str(today.year - rng.randrange(1, 25))


@cache
def vocabularies() -> dict[str, Vocabulary]:
    """Every vocabulary by name."""
    made: dict[str, Vocabulary] = {name: _list(name) for name in word_lists()}
    made |= {
        "name": any_name, "woman": _name("female"), "man": _name("male"), "friend": any_name,
        "company": employer, "age": _integer(19, 81), "kid_age": _integer(1, 17),
        "elder": _integer(60, 97),
        "small": _integer(2, 9), "number": _integer(2, 40), "percent": _integer(10, 95, 5),
        "minutes": _integer(10, 90, 5), "km": _integer(3, 60), "weight": _integer(48, 112),
        "height": _integer(150, 198), "grade": _integer(1, 8), "flat_number": _integer(1, 180),
        "money": _money(200, 30000, 50), "price": _money(15, 900, 5), "rent": _money(450, 2400, 25),
        "time": _clock, "wake_time": _wake_time, "years": _years, "frequency": _frequency,
        "shoe_size": _shoe_size,
        "email_address": _email, "phone_number": _phone_number, "birth_year": _birth_year,
        "past_year": _past_year, "past": phrases.past, "recent": phrases.recent,
        "future": phrases.future, "birthday": phrases.birthday, "weekday": phrases.weekday,
        "month": phrases.month,
    }  # fmt: skip
    return made
