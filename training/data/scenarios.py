"""Scenarios: short conversations with probes and checks on the bank (tests/scenarios/README.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from memchat.errors import IngestError
from memchat.ingest.turns import parse_date
from training.data.benchmark import text_field

NOTHING_TO_REMEMBER = frozenset(
    ("chit_chat", "question", "hypothetical", "fiction", "world_fact", "pasted")
)
"""Kinds whose turns should write no memory, where `max_active` is 0."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question after the last turn. The lower-cased answer holds every one of `every`, one of
    `any_of` if there are any, and none of `none_of`."""

    ask: str
    every: tuple[str, ...]
    any_of: tuple[str, ...]
    none_of: tuple[str, ...]

    def passes(self, answer: str) -> bool:
        answer = answer.lower().replace("’", "'")
        return (
            all(text in answer for text in self.every)
            and (not self.any_of or any(text in answer for text in self.any_of))
            and not any(text in answer for text in self.none_of)
        )


@dataclass(frozen=True, slots=True)
class BankCheck:
    """Patterns that some active memory must match, that none may, and how many may be active."""

    present: tuple[re.Pattern[str], ...]
    absent: tuple[re.Pattern[str], ...]
    max_active: int | None

    def failures(self, memories: Sequence[str]) -> list[str]:
        """What does not hold of the active memories; empty when all does."""
        found = [
            f"missing: {pattern.pattern}"
            for pattern in self.present
            if not any(map(pattern.search, memories))
        ]
        found += [
            f"there, but should not be: {pattern.pattern}"
            for pattern in self.absent
            if any(map(pattern.search, memories))
        ]
        if self.max_active is not None and len(memories) > self.max_active:
            found.append(f"{len(memories)} active memories, at most {self.max_active} expected")
        return found


@dataclass(frozen=True, slots=True)
class ScenarioTurn:
    text: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    kind: str
    turns: tuple[ScenarioTurn, ...]
    probes: tuple[Probe, ...]
    bank: BankCheck


def read_scenarios(values: Sequence[Mapping[str, Any]], path: Path) -> list[Scenario]:
    """Raises IngestError naming the line that is malformed."""
    return [_scenario(value, f"{path}, line {number}") for number, value in enumerate(values, 1)]


def _scenario(value: Mapping[str, Any], where: str) -> Scenario:
    turns = value.get("turns")
    if not isinstance(turns, list) or not turns:
        raise IngestError(f'{where}: "turns" is missing or empty')
    date = value.get("date")
    return Scenario(
        id=text_field(value, "id", where),
        kind=text_field(value, "kind", where),
        turns=tuple(_turn(turn, date, where) for turn in turns),
        probes=tuple(_probe(probe, where) for probe in value.get("probes") or ()),
        bank=_bank(value.get("bank") or {}, where),
    )


def _turn(value: Mapping[str, Any], date: object, where: str) -> ScenarioTurn:
    said_at = parse_date(value.get("date", date))
    if said_at is None:
        raise IngestError(f"{where}: not a date: {value.get('date', date)!r}")
    return ScenarioTurn(text_field(value, "text", where), said_at)


def _probe(value: Mapping[str, Any], where: str) -> Probe:
    lists = (_texts(value, key, where) for key in ("all", "any", "none"))
    return Probe(text_field(value, "ask", where), *lists)


def _bank(value: Mapping[str, Any], where: str) -> BankCheck:
    present, absent = (_patterns(value, key, where) for key in ("present", "absent"))
    most = value.get("max_active")
    if most is not None and not isinstance(most, int):
        raise IngestError(f'{where}: "max_active" must be a whole number')
    return BankCheck(present, absent, most)


def _patterns(value: Mapping[str, Any], key: str, where: str) -> tuple[re.Pattern[str], ...]:
    try:
        return tuple(re.compile(text, re.IGNORECASE) for text in _texts(value, key, where))
    except re.error as error:
        raise IngestError(f"{where}: {error.pattern!r} is not a pattern: {error}") from error


def _texts(value: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = value.get(key) or []
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise IngestError(f'{where}: "{key}" must be a list of texts')
    return tuple(found)
