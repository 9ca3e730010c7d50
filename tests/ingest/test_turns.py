"""Dates of turns, as files write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memchat.ingest.turns import parse_date


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1:56 pm on 8 May, 2023", "2023-05-08 13:56"),
        ("12:48 am on 1 February, 2023", "2023-02-01 00:48"),
        ("2023-05-08", "2023-05-08 12:00"),
        ("2023-05-08T13:56:00", "2023-05-08 13:56"),
    ],
)
def test_a_time_without_a_zone_is_the_clock_on_the_wall(written: str, expected: str) -> None:
    parsed = parse_date(written)
    assert parsed is not None
    assert parsed.tzinfo is not None
    assert parsed.strftime("%Y-%m-%d %H:%M") == expected


@pytest.mark.parametrize(
    "written", ["2023-05-08T13:56:00Z", "2023-05-08T15:56:00+02:00", 1683554160]
)
def test_a_zone_is_kept(written: object) -> None:
    assert parse_date(written) == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", [None, "", "soon", "8 on May", "2023-13-01", True, [], 1e300, float("nan"), "10"]
)
def test_what_is_no_date_is_none(written: object) -> None:
    assert parse_date(written) is None
