"""Operations in one line: a glyph, the texts, a word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memchat.bank.types import Actor, Event, Op
from memchat.cli.views import event_line, title_of


def event(op: Op, **more: object) -> Event:
    return Event(1, op, Actor.MANAGER, datetime(2023, 5, 8, tzinfo=UTC), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (event(Op.ADD, new="A"), "+ A (added)"),
        (event(Op.UPDATE, old="A", new="B"), "~ A → B (updated)"),
        (event(Op.DELETE, old="A", fact="No A"), "− A (removed)"),
        (event(Op.NOOP, fact="A again", old="A", new="A"), "= A (nothing new)"),
        (event(Op.NOOP, fact="A", correction="duplicate"), "= A (nothing new, duplicate)"),
        (event(Op.EDIT, old="A", new="B"), "~ A → B (edited)"),
        (event(Op.UNPIN, old="A", new="A"), "* A (unpinned)"),
        (event(Op.SUGGEST, old="A", new="B"), "? A → B (suggested)"),
        (event(Op.ADD, new="A", undone_by=2), "+ A (added, undone)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_operation_in_one_line(shown: Event, line: str) -> None:
    assert event_line(shown) == line


def test_every_operation_has_a_line() -> None:
    assert all(event_line(event(op, old="A", new="A")) for op in Op)


def test_a_title_is_one_short_line() -> None:
    assert title_of("  Hello\n there ") == "Hello there"
    assert title_of("word " * 100) == "word " * 11 + "word…"
    assert len(title_of("x" * 100)) == 60
