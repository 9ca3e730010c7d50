"""LoCoMo samples (Maharana et al., 2024): two people, talking over months of sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from memchat.errors import IngestError
from memchat.ingest.turns import Conversation, IngestTurn, parse_date
from memchat.text import valid_unicode

_SESSION = re.compile(r"session_(\d+)")


def read_locomo(samples: Sequence[Mapping[str, Any]], path: Path) -> list[Conversation]:
    """A conversation a sample, named by its sample_id. Raises IngestError naming the spot."""
    return [_conversation(sample, index, path) for index, sample in enumerate(samples)]


def _conversation(sample: Mapping[str, Any], index: int, path: Path) -> Conversation:
    sample_id = str(sample.get("sample_id") or f"sample-{index + 1}")
    sessions = sample.get("conversation")
    if not isinstance(sessions, Mapping):
        raise IngestError(f'{path}, sample {sample_id}: "conversation" is not an object')
    return Conversation(sample_id, sample_id, tuple(_turns(sample_id, sessions, path)))


def _turns(sample_id: str, sessions: Mapping[str, Any], path: Path) -> Iterator[IngestTurn]:
    """In numeric order of the sessions; a date without a session is of no use here."""
    numbers = sorted(int(match[1]) for key in sessions if (match := _SESSION.fullmatch(key)))
    said_at: datetime | None = None
    for number in numbers:
        where = f"{path}, sample {sample_id}, session_{number}"
        turns = sessions[f"session_{number}"]
        if not isinstance(turns, list):
            raise IngestError(f"{where}: not a list of turns")
        said_at = _date(sessions.get(f"session_{number}_date_time"), where) or said_at
        for position, turn in enumerate(turns, 1):
            yield _turn(sample_id, turn, said_at, f"{where}, turn {position}")


def _date(value: object, where: str) -> datetime | None:
    if value is None:
        return None
    said_at = parse_date(value)
    if said_at is None:
        raise IngestError(f"{where}_date_time: not a date: {value!r}")
    return said_at


def _turn(sample_id: str, turn: object, said_at: datetime | None, where: str) -> IngestTurn:
    if not isinstance(turn, Mapping):
        raise IngestError(f"{where}: not an object")
    values = [turn.get(key) for key in ("dia_id", "speaker", "text")]
    if not all(isinstance(value, str) for value in values):
        raise IngestError(f"{where}: dia_id, speaker and text must be there, as text")
    dia_id, speaker, text = (valid_unicode(str(value)) for value in values)
    text = _with_caption(text, turn.get("blip_caption"))
    return IngestTurn(f"{sample_id}/{dia_id}", "user", speaker, text, said_at)


def _with_caption(text: str, caption: object) -> str:
    """What the other person saw belongs to what was said: "Look, my new dog!"."""
    if not isinstance(caption, str) or not caption.strip():
        return text
    shown = re.sub(
        r"^an? (photo|photography|picture|image) of ", "", valid_unicode(caption).strip()
    )
    return f"{text} [shares a photo: {shown}]".strip()
