"""How long ago something happened, in as few words as a narrow column allows."""

from __future__ import annotations

from datetime import datetime

MINUTE = 60
HOUR = 60 * MINUTE


def age(at: datetime, now: datetime) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `yesterday`, `12 Mar`, `12 Mar 2024`; in `now`'s zone."""
    local = at.astimezone(now.tzinfo)
    seconds = (now - at).total_seconds()
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    days = (now.date() - local.date()).days
    if days == 0:
        return f"{int(seconds // HOUR)} h ago"
    if days == 1:
        return "yesterday"
    return day(local, now)


def day(at: datetime, now: datetime) -> str:
    """`12 Mar`, or `12 Mar 2024` when that was another year."""
    local = at.astimezone(now.tzinfo)
    month = f"{local.day} {local:%b}"
    return month if local.year == now.year else f"{month} {local.year}"
