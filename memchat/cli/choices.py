"""Options with a few values, where the enumeration is too heavy to import for --help."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from memchat.errors import UsageError

Choice = TypeVar("Choice", bound=StrEnum)


def choice(choices: type[Choice], value: str, option: str) -> Choice:
    """`value` as one of `choices`. Raises UsageError naming the option and what there is."""
    try:
        return choices(value)
    except ValueError:
        names = ", ".join(choices)
        raise UsageError(f"{option}: there is no {value!r}.", f"Choose from {names}.") from None
