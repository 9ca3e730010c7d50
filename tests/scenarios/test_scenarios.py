"""The scenarios are well formed, and can be passed. No model, no loader: only the files."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

Scenario = dict[str, Any]

HERE = Path(__file__).parent
HALVES = ("dev", "held_back")
NOTHING_TO_KEEP = {"chit_chat", "question", "hypothetical", "fiction", "world_fact"}
PROBE_LISTS = ("all", "any", "none")
ABSTENTION_MARK = "haven't told"
PLAIN = re.compile(r"[\w ]+")


def load(half: str) -> list[Scenario]:
    lines = (HERE / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


BY_HALF = {half: load(half) for half in HALVES}
EVERY = [scenario for half in HALVES for scenario in BY_HALF[half]]
each_scenario = pytest.mark.parametrize("scenario", EVERY, ids=[s["id"] for s in EVERY])


def probe_strings(probe: dict[str, Any]) -> list[str]:
    return [text for key in PROBE_LISTS for text in probe[key]]


def turn_texts(half: str) -> set[str]:
    return {" ".join(t["text"].lower().split()) for s in BY_HALF[half] for t in s["turns"]}


@each_scenario
def test_fields_are_the_documented_ones(scenario: Scenario) -> None:
    assert set(scenario) == {"id", "kind", "date", "turns", "probes", "bank"}
    assert scenario["turns"]
    for turn in scenario["turns"]:
        assert turn["text"].strip()
        assert set(turn) <= {"text", "date"}
    for probe in scenario["probes"]:
        assert set(probe) == {"ask", *PROBE_LISTS}
        assert probe["ask"].endswith("?")
    bank = scenario["bank"]
    assert {"present", "absent"} <= set(bank) <= {"present", "absent", "max_active"}
    assert bank["present"] or bank["absent"] or "max_active" in bank


@each_scenario
def test_dates_are_iso_and_never_go_back(scenario: Scenario) -> None:
    dates = [datetime.fromisoformat(t.get("date", scenario["date"])) for t in scenario["turns"]]
    assert datetime.fromisoformat(scenario["date"]) <= dates[0]
    assert dates == sorted(dates)


@each_scenario
def test_probes_can_be_satisfied(scenario: Scenario) -> None:
    for probe in scenario["probes"]:
        assert probe["all"] or probe["any"]
        assert all(text and text == text.lower() for text in probe_strings(probe))
        for forbidden in probe["none"]:
            assert not any(forbidden in needed for needed in probe["all"])
        allowed = [text for text in probe["any"] if not any(no in text for no in probe["none"])]
        assert allowed or not probe["any"]


@each_scenario
def test_bank_patterns_compile_and_do_not_collide(scenario: Scenario) -> None:
    bank = scenario["bank"]
    for pattern in bank["present"] + bank["absent"]:
        assert not re.search(pattern, ""), f"{pattern} matches anything"
    for present in bank["present"]:
        for absent in bank["absent"]:
            if PLAIN.fullmatch(absent):
                assert not re.search(present, absent, re.IGNORECASE)
            if PLAIN.fullmatch(present):
                assert not re.search(absent, present, re.IGNORECASE)


@each_scenario
def test_bank_limit_leaves_room_for_what_must_be_there(scenario: Scenario) -> None:
    limit = scenario["bank"].get("max_active")
    if scenario["kind"] in NOTHING_TO_KEEP:
        assert limit == 0
    if limit == 0:
        assert not scenario["bank"]["present"]


def test_ids_are_unique() -> None:
    assert not [name for name, count in Counter(s["id"] for s in EVERY).items() if count > 1]


def test_abstention_words_are_one_list() -> None:
    lists = [p["any"] for s in EVERY for p in s["probes"] if ABSTENTION_MARK in p["any"]]
    common = min(lists, key=len)
    assert all(words[: len(common)] == common for words in lists)


@pytest.mark.parametrize("half", HALVES)
def test_half_is_large_enough(half: str) -> None:
    assert len(BY_HALF[half]) >= 75


def test_kinds_are_shared_out_evenly_between_the_halves() -> None:
    dev, held_back = (Counter(s["kind"] for s in BY_HALF[half]) for half in HALVES)
    assert dev == held_back


def test_no_turn_is_in_both_halves() -> None:
    assert not turn_texts("dev") & turn_texts("held_back")
