from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from memchat.tui.ages import age, day

NOW = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=5, seconds=30), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=20), "yesterday"),
        (timedelta(days=2), "12 Mar"),
        (timedelta(days=400), "7 Feb 2025"),
    ],
)
def test_age_in_words(before: timedelta, words: str) -> None:
    assert age(NOW - before, NOW) == words


def test_days_are_the_readers_days() -> None:
    tokyo = timezone(timedelta(hours=9))
    midnight_there = NOW.astimezone(tokyo)  # 15 March, 00:00
    assert age(NOW - timedelta(hours=2), midnight_there) == "yesterday"
    assert day(NOW, midnight_there) == "15 Mar"
