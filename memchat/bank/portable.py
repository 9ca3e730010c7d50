"""Memories outside a bank: JSON lines, one memory each, that another bank can take in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memchat.bank.store import memory_text
from memchat.bank.times import encode
from memchat.bank.types import State
from memchat.errors import IngestError, UsageError
from memchat.text import valid_unicode


@dataclass(frozen=True, slots=True)
class Quote:
    """The words that a memory came from."""

    text: str
    said_at: datetime
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class PortableMemory:
    """A memory as a file holds it. `id` and `superseded_by` mean something within the file only."""

    text: str
    subject: str = ""
    state: State = State.ACTIVE
    pinned: bool = False
    edited: bool = True
    """As if the user had written it, unless the file says otherwise."""
    created_at: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    id: int | None = None
    superseded_by: int | None = None
    source: Quote | None = None


def to_line(memory: PortableMemory) -> str:
    """One JSON object and a newline; what is None is left out."""
    values: dict[str, object] = {
        "id": memory.id,
        "text": memory.text,
        "subject": memory.subject,
        "state": memory.state,
        "pinned": memory.pinned,
        "edited": memory.edited,
        "created_at": _stamp(memory.created_at),
        "valid_from": _stamp(memory.valid_from),
        "valid_to": _stamp(memory.valid_to),
        "superseded_by": memory.superseded_by,
    }
    if memory.source:
        quote = memory.source
        said_at = _stamp(quote.said_at)
        values["source"] = {"text": quote.text, "speaker": quote.speaker, "said_at": said_at}
    present = {key: value for key, value in values.items() if value is not None}
    return json.dumps(present, ensure_ascii=False) + "\n"


def from_lines(lines: Iterable[bytes], name: str) -> list[list[PortableMemory]]:
    """The memories of a file, each with the versions it superseded in one list.

    Blank lines are nothing. Raises IngestError naming `name` and the line that is wrong.
    """
    memories = dict(_numbered(lines, name))
    by_id: dict[int, int] = {}
    for number, memory in memories.items():
        if memory.id is not None and by_id.setdefault(memory.id, number) != number:
            raise _wrong(name, number, f"the id {memory.id} is that of line {by_id[memory.id]}")
    last = {number: _latest(number, memories, by_id, name) for number in memories}
    chains: dict[int, list[PortableMemory]] = {}
    for number, memory in memories.items():
        chains.setdefault(last[number], []).append(memory)
    return [chains[number] for number in sorted(chains)]


def _numbered(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, PortableMemory]]:
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            if text.strip():
                yield number, _memory(json.loads(text))
        except UnicodeDecodeError as error:
            raise _wrong(name, number, "it is not UTF-8 text") from error
        except (ValueError, RecursionError) as error:
            raise _wrong(name, number, f"it is not JSON ({error})") from error
        except UsageError as error:
            raise _wrong(name, number, error.message) from error


def _latest(
    number: int, memories: Mapping[int, PortableMemory], by_id: Mapping[int, int], name: str
) -> int:
    """The line of the version that superseded this one, and so on to the last."""
    seen = {number}
    while (successor := memories[number].superseded_by) is not None:
        if successor not in by_id:
            raise _wrong(name, number, f"superseded_by {successor} is no id of this file")
        number = by_id[successor]
        if number in seen:
            raise _wrong(name, number, "it supersedes itself")
        seen.add(number)
    return number


def _memory(values: object) -> PortableMemory:
    """Raises UsageError for anything that is no memory."""
    read = _Reader(values, "memory")
    memory = PortableMemory(
        text=memory_text(read.value("text", str, "")),
        subject=valid_unicode(read.value("subject", str, "")),
        state=read.state(),
        pinned=read.value("pinned", bool, False),
        edited=read.value("edited", bool, True),
        created_at=read.time("created_at"),
        valid_from=read.time("valid_from"),
        valid_to=read.time("valid_to"),
        id=read.value("id", int, None),
        superseded_by=read.value("superseded_by", int, None),
        source=_quote(read.value("source", dict, None)),
    )
    read.finish()
    if (memory.state is State.SUPERSEDED) != (memory.superseded_by is not None):
        raise UsageError(f"it is {memory.state}, and superseded_by is {memory.superseded_by}")
    return memory


def _quote(values: dict[str, Any] | None) -> Quote | None:
    if values is None:
        return None
    read = _Reader(values, "source")
    text, said_at = valid_unicode(read.value("text", str, "")), read.time("said_at")
    speaker = valid_unicode(read.value("speaker", str, ""))
    read.finish()
    if not text or said_at is None:
        raise UsageError("a source needs text and said_at")
    return Quote(text, said_at, speaker)


class _Reader:
    """Takes values out of a JSON object, each of the type it must have."""

    def __init__(self, values: object, what: str) -> None:
        if not isinstance(values, dict):
            raise UsageError(f"it is no {what} but {json.dumps(values)[:40]}")
        self._values, self._what = dict(values), what

    def value(self, key: str, wanted: type, default: Any) -> Any:  # noqa: ANN401 (of that type)
        """None stands for what is not there."""
        value = self._values.pop(key, None)
        if value is None:
            return default
        if type(value) is not wanted:
            raise UsageError(f"{key} must be {_NAMES[wanted]}")
        return value

    def state(self) -> State:
        value = self.value("state", str, State.ACTIVE)
        if value not in set(State):
            raise UsageError(f"state must be one of {', '.join(State)}")
        return State(value)

    def time(self, key: str) -> datetime | None:
        value = self.value(key, str, None)
        try:
            time = None if value is None else datetime.fromisoformat(value)
        except ValueError as error:
            raise UsageError(f"{key} is no time like 2023-05-08T13:56:00+01:00") from error
        if time is not None:
            encode(time)  # refuses one without an offset
        return time

    def finish(self) -> None:
        if self._values:
            raise UsageError(f"a {self._what} has no {next(iter(self._values))!r}")


_NAMES = {str: "text", bool: "true or false", int: "a whole number", dict: "an object"}


def _wrong(name: str, number: int, why: str) -> IngestError:
    return IngestError(f"{name}, line {number}: {why}", "Nothing was imported.")


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
