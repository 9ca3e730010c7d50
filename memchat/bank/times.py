"""Points in time as text that sorts: UTC first, then the offset they were given with."""

from __future__ import annotations

from datetime import UTC, datetime

from memchat.errors import UsageError


def now() -> datetime:
    return datetime.now(UTC)


def encode(at: datetime) -> str:
    """'2023-05-08T12:56:00.000000 +01:00': the UTC time, then the original offset.

    Raises UsageError for a time without an offset, or one outside the calendar in UTC.
    """
    if at.tzinfo is None:
        raise UsageError(f"The time {at.isoformat()} has no UTC offset.")
    try:
        utc = at.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise UsageError(f"The time {at.isoformat()} is out of range.") from error
    offset = at.isoformat(timespec="microseconds")[26:]
    return f"{utc.isoformat(timespec='microseconds')} {offset}"


def encode_optional(at: datetime | None) -> str | None:
    return None if at is None else encode(at)


def decode(text: str) -> datetime:
    """The aware time that `encode` was given."""
    utc, _, offset = text.partition(" ")
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
    return datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(zone)


def decode_optional(text: str | None) -> datetime | None:
    return None if text is None else decode(text)
