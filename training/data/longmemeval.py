"""LongMemEval (Wu et al., ICLR 2025): 500 questions, each over chats of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from memchat.errors import IngestError
from memchat.ingest.turns import Conversation, IngestTurn, parse_date
from memchat.text import valid_unicode
from training.data.benchmark import Case, Question, text_field

ABSTENTION = "abstention"


def read_cases(entries: Sequence[Mapping[str, Any]], path: Path) -> list[Case]:
    """A case for each entry. Raises IngestError naming the entry that is malformed."""
    return [_case(entry, f"{path}, entry {number}") for number, entry in enumerate(entries, 1)]


def _case(entry: Mapping[str, Any], where: str) -> Case:
    identity = text_field(entry, "question_id", where)
    turns = list(_turns(entry, identity, where))
    unanswerable = identity.endswith("_abs")
    question = Question(
        id=identity,
        text=text_field(entry, "question", where),
        gold="" if unanswerable else text_field(entry, "answer", where),
        category=ABSTENTION if unanswerable else text_field(entry, "question_type", where),
        evidence=tuple(turn.external_id for turn, evident in turns if evident),
        asked_at=_date(entry.get("question_date"), where),
        unanswerable=unanswerable,
    )
    said = tuple(turn for turn, _ in turns)
    return Case(Conversation(identity, identity, said), (question,))


def _turns(
    entry: Mapping[str, Any], identity: str, where: str
) -> Iterator[tuple[IngestTurn, bool]]:
    """Turns in order of time (the oracle file's sessions are in none), and whether they hold it."""
    sessions, dates = entry.get("haystack_sessions"), entry.get("haystack_dates")
    if not isinstance(sessions, list) or not isinstance(dates, list) or len(sessions) != len(dates):
        raise IngestError(
            f"{where}: haystack_sessions and haystack_dates must be lists of a length"
        )
    dated = [(_date(date, where), number) for number, date in enumerate(dates)]
    for said_at, session in sorted(dated):
        for place, turn in enumerate(sessions[session]):
            spot = f"{where}, session {session + 1}, turn {place + 1}"
            text = valid_unicode(text_field(turn, "content", spot))
            if text.strip():
                external_id = f"{identity}/{session}/{place}"
                said = IngestTurn(external_id, _role(turn, spot), "", text, said_at)
                yield said, turn.get("has_answer") is True


def _role(turn: Mapping[str, Any], where: str) -> Literal["user", "assistant"]:
    role = turn.get("role")
    if role == "user":
        return "user"
    if role == "assistant":
        return "assistant"
    raise IngestError(f'{where}: role must be "user" or "assistant", not {role!r}')


def _date(value: object, where: str) -> datetime:
    """Dates come as "2023/05/30 (Tue) 23:40"."""
    words = str(value).replace("/", "-").split()
    said_at = parse_date(" ".join(word for word in words if not word.startswith("(")))
    if said_at is None:
        raise IngestError(f"{where}: not a date: {value!r}")
    return said_at
