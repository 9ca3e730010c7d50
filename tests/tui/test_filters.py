from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memchat.bank.types import Op
from memchat.tui.filters import parse

AT = datetime(2026, 3, 14, tzinfo=UTC)


def matches(line: str, **about: object) -> bool:
    known = {"text": "Has a dog, Biscuit", "op": None, "used": False, "pinned": False, "at": AT}
    return parse(line).matches(**(known | about))  # type: ignore[arg-type]


def test_an_empty_line_lets_everything_through() -> None:
    assert matches("")


@pytest.mark.parametrize("line", ["dog", "DOG biscuit", "bis", "a:b:c Biscuit"[6:]])
def test_every_word_must_be_there(line: str) -> None:
    assert matches(line)
    assert not matches(f"{line} cat")


@pytest.mark.parametrize(
    ("line", "about", "wanted"),
    [
        ("op:add", {"op": Op.ADD}, True),
        ("op:add", {"op": Op.DELETE}, False),
        ("op:update", {"op": Op.EDIT}, True),
        ("op:add", {}, False),
        ("used:", {"used": True}, True),
        ("used:", {}, False),
        ("pin:", {"pinned": True}, True),
        ("pin:", {}, False),
        ("after:2026-03-14", {}, True),
        ("after:2026-03-15", {}, False),
        ("after:2026", {"at": None}, False),
        ("before:2026-03-15", {}, True),
        ("before:2026-03-14", {}, False),
        ("pin: dog after:2026", {"pinned": True}, True),
    ],
)
def test_filters(line: str, about: dict[str, object], wanted: bool) -> None:
    assert matches(line, **about) is wanted


def test_an_unknown_operation_is_named_and_filters_nothing() -> None:
    assert matches("op:frobnicate")
    assert "op:frobnicate" in parse("op:frobnicate").problem


def test_other_words_with_a_colon_are_words() -> None:
    assert matches("12:30", text="The train leaves at 12:30")
