"""MSC-Self-Instruct (Packer et al., 2023): a question about the earlier chats of two people.

The current chat (`dialog`) and the persona sentences are left out: the first is not memory, and
the others hold the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from memchat.errors import IngestError
from memchat.ingest.turns import Conversation, IngestTurn
from memchat.text import valid_unicode
from training.data.benchmark import Case, Question, text_field

ASKED_AT = datetime(2023, 10, 12, 12, 0, tzinfo=UTC)
"""The files date the chats by how long ago they were; this is from when."""
CATEGORY = "recall"
_AGO = re.compile(r"(\d+) (hour|day|week|month|year)s?")
_HOURS = {"hour": 1, "day": 24, "week": 168, "month": 730, "year": 8766}


def read_cases(entries: Sequence[Mapping[str, Any]], path: Path) -> list[Case]:
    """A case for each entry. Raises IngestError naming the entry that is malformed."""
    return [_case(entry, number, path) for number, entry in enumerate(entries, 1)]


def _case(entry: Mapping[str, Any], number: int, path: Path) -> Case:
    where, identity = f"{path}, entry {number}", f"msc-{number}"
    asked = entry.get("self_instruct")
    if not isinstance(asked, Mapping):
        raise IngestError(f"{where}: self_instruct is missing")
    question = Question(
        id=identity,
        text=text_field(asked, "B", where),
        gold=text_field(asked, "A", where),
        category=CATEGORY,
        evidence=(),  # the data does not say
        asked_at=ASKED_AT,
    )
    return Case(
        Conversation(identity, identity, tuple(_turns(entry, identity, where))), (question,)
    )


def _turns(entry: Mapping[str, Any], identity: str, where: str) -> Iterator[IngestTurn]:
    sessions = entry.get("previous_dialogs")
    if not isinstance(sessions, list):
        raise IngestError(f"{where}: previous_dialogs is not a list")
    for session, chat in enumerate(sessions):
        said_at = ASKED_AT - _ago(str(chat.get("time_back") or ""))
        for place, turn in enumerate(chat.get("dialog") or []):
            text = valid_unicode(text_field(turn, "text", f"{where}, chat {session + 1}"))
            speaker = f"Speaker {place % 2 + 1}"  # they alternate
            yield IngestTurn(f"{identity}/{session}/{place}", "user", speaker, text, said_at)


def _ago(text: str) -> timedelta:
    """From a text such as `7 days 8 hours ago`."""
    return timedelta(hours=sum(int(count) * _HOURS[unit] for count, unit in _AGO.findall(text)))
