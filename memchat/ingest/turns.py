"""What a conversation file holds, whichever format it came in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class IngestTurn:
    """One turn. `external_id` names it for good within its conversation.

    `said_at` is aware; None when the file dates neither this turn nor an earlier one.
    """

    external_id: str
    role: Literal["user", "assistant"]
    speaker: str
    text: str
    said_at: datetime | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in the order in which they were said. `title` names the chat they become."""

    id: str
    title: str
    turns: tuple[IngestTurn, ...]


def parse_date(value: object) -> datetime | None:
    """An aware datetime from ISO 8601, Unix seconds, or "1:56 pm on 8 May, 2023".

    A time without a zone is local time; a date without a time is noon. None if not a date.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value).astimezone()
        if isinstance(value, str):
            return _parse_text(" ".join(value.split()))
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _parse_text(text: str) -> datetime:
    if " on " in text:
        return datetime.strptime(text.lower(), "%I:%M %p on %d %B, %Y").astimezone()
    noon = " 12:00" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else ""
    return datetime.fromisoformat(text + noon).astimezone()
