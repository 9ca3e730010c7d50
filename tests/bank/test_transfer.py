"""Memories go out as lines and come back the same, in another bank or the same one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat.bank.bank import Bank
from memchat.bank.portable import PortableMemory, Quote, from_lines, to_line
from memchat.bank.transfer import Imported
from memchat.bank.types import Actor, Op
from memchat.engine.protocol import Vector
from memchat.errors import IngestError
from tests.bank.builders import (
    DIMENSION,
    MODEL,
    SAID_AT,
    added,
    deleted,
    said,
    texts,
    updated,
    vector,
)


def embed(batch: Sequence[str]) -> Vector:
    return np.stack([vector(text) for text in batch])


def lines(bank: Bank) -> bytes:
    return "".join(map(to_line, bank.export_memories())).encode()


def take_in(bank: Bank, data: bytes) -> Imported:
    chains = from_lines(data.splitlines(keepends=True), "file")
    return bank.import_memories([memory for chain in chains for memory in chain], embed)


@pytest.fixture
def other() -> Iterator[Bank]:
    """Another bank, to import into."""
    with Bank.in_memory() as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        yield bank
        assert bank.integrity() == []


@pytest.fixture
def full(bank: Bank) -> Bank:
    """Of everything one: active, pinned, edited, superseded twice, deleted."""
    said_in_porto = said(bank, "I live in Porto, by the way.")
    porto = added(bank, "Lives in Porto.", said_in_porto.id)
    added(bank, "Has a cat.")
    lisbon = updated(bank, porto, "Lives in Lisbon.")
    bank.pin(added(bank, "Allergic to peanuts."), True)
    deleted(bank, 2)
    assert lisbon.memory_id
    updated(bank, lisbon.memory_id, "Lives in Faro.")
    bank.add("Likes tea.", vector=vector("Likes tea."))
    return bank


def shape(bank: Bank) -> set[tuple[object, ...]]:
    """What a round trip must keep, without the numbers that it may change."""
    successors = {memory.id: memory.text for memory in bank.memories(state=None)}
    return {
        (
            memory.text,
            memory.subject,
            memory.state,
            memory.pinned,
            memory.edited,
            memory.created_at,
            memory.valid_from,
            memory.valid_to,
            successors.get(memory.superseded_by or 0),
            bank.message(memory.source_message).text if memory.source_message else None,
        )
        for memory in bank.memories(state=None)
    }


def test_a_round_trip_keeps_everything(full: Bank, other: Bank) -> None:
    assert take_in(other, lines(full)) == Imported(added=6, skipped=0)
    assert shape(other) == shape(full)
    assert [memory.text for memory in other.memories()] == [
        memory.text for memory in full.memories()
    ]


def test_the_lines_are_json_that_people_can_read(full: Bank) -> None:
    first = json.loads(lines(full).splitlines()[0])
    assert first["text"] == "Lives in Porto."
    assert (first["state"], first["superseded_by"]) == ("superseded", 3)
    assert first["source"] == {
        "text": "I live in Porto, by the way.",
        "speaker": "",
        "said_at": SAID_AT.isoformat(),
    }


def test_the_second_time_everything_is_there(full: Bank, other: Bank) -> None:
    take_in(other, lines(full))
    before = shape(other), len(other.events()), len(other.messages(1))
    assert take_in(other, lines(full)) == Imported(added=0, skipped=6)
    assert take_in(full, lines(full)) == Imported(added=0, skipped=6)
    assert (shape(other), len(other.events()), len(other.messages(1))) == before


def test_what_is_known_is_not_embedded(full: Bank) -> None:
    memories = list(full.export_memories())
    assert full.import_memories(memories, lambda _texts: pytest.fail("embedded")).added == 0


def test_each_event_names_the_import(full: Bank, other: Bank) -> None:
    take_in(other, lines(full))
    events = other.events()
    assert {event.actor for event in events} == {Actor.IMPORT}
    ops = [event.op for event in events]
    assert (ops.count(Op.ADD), ops.count(Op.UPDATE), ops.count(Op.DELETE)) == (6, 2, 1)


def test_an_import_can_be_undone_step_by_step(full: Bank, other: Bank) -> None:
    take_in(other, lines(full))
    for _ in range(9):
        other.undo()
    assert other.memories() == []
    assert other.integrity() == []


def test_imported_versions_are_one_history_and_are_forgotten_together(
    full: Bank, other: Bank
) -> None:
    take_in(other, lines(full))
    [faro] = [memory for memory in other.memories() if memory.text == "Lives in Faro."]
    assert {event.new for event in other.history(faro.id)} >= {"Lives in Porto.", "Lives in Faro."}
    other.forget(faro.id)
    assert not [memory for memory in other.memories(state=None) if "Lives" in memory.text]
    assert other.search_messages("Porto") == []


def test_imported_memories_are_found(full: Bank, other: Bank) -> None:
    take_in(other, lines(full))
    hits = other.search("Faro", vector("Lives in Faro."))
    assert hits[0].text == "Lives in Faro."
    assert "Lives in Porto." not in [hit.text for hit in hits]


def test_a_quote_that_is_forgotten_does_not_leave(bank: Bank) -> None:
    message = said(bank, "I live in Porto with my secret.")
    added(bank, "Lives in Porto.", message.id)
    bank.forget(added(bank, "Has a secret.", message.id))
    [memory] = bank.export_memories()
    assert memory.source is None


def test_a_new_version_of_what_is_there(other: Bank) -> None:
    """The successor is in the bank already; its earlier version is told from the file."""
    added(other, "Lives in Lisbon.")
    data = (
        b'{"id": 1, "text": "Lives in Porto.", "state": "superseded", "superseded_by": 2}\n'
        b'{"id": 2, "text": "Lives in Lisbon."}\n'
    )
    assert take_in(other, data) == Imported(added=1, skipped=1)
    assert take_in(other, data) == Imported(added=0, skipped=2)
    assert texts(other) == ["Lives in Lisbon."]
    assert len(other.history(1)) == 3


def test_a_text_is_enough_and_counts_as_the_users_own(other: Bank) -> None:
    assert (
        take_in(other, b'\xef\xbb\xbf{"text": " Likes tea. "}\r\n\n{"text": "Likes tea."}').added
        == 1
    )
    [memory] = other.memories()
    assert (memory.text, memory.edited, memory.pinned) == ("Likes tea.", True, False)


def test_a_failure_in_the_middle_leaves_nothing(
    full: Bank, other: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bank, "_end", lambda *_arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_in(other, lines(full))
    assert other.memories(state=None) == []
    assert other.chats() == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"text": "\xff"}', "it is not UTF-8 text"),
        (b'"Likes tea."', "it is no memory but"),
        (b"{}", "A memory needs a text."),
        (b'{"text": " "}', "A memory needs a text."),
        (b'{"text": 3}', "text must be text"),
        (b'{"text": "a", "pinned": 1}', "pinned must be true or false"),
        (b'{"text": "a", "pined": true}', "a memory has no 'pined'"),
        (b'{"text": "a", "state": "gone"}', "state must be one of active, superseded, deleted"),
        (b'{"text": "a", "valid_from": "yesterday"}', "valid_from is no time"),
        (b'{"text": "a", "valid_from": "2023-05-08"}', "has no UTC offset"),
        (b'{"text": "a", "valid_from": "0001-01-01T00:00:00+14:00"}', "out of range"),
        (b'{"text": "a", "state": "superseded"}', "superseded_by is None"),
        (b'{"text": "a", "superseded_by": 1}', "it is active, and superseded_by is 1"),
        (b'{"text": "a", "state": "superseded", "superseded_by": 9}', "9 is no id of this file"),
        (b'{"id": 5, "text": "a", "state": "superseded", "superseded_by": 5}', "supersedes itself"),
        (b'{"id": 1, "text": "a"}', "the id 1 is that of line 1"),
        (b'{"text": "a", "source": {"text": "b"}}', "a source needs text and said_at"),
        (b'{"text": "a", "source": {"text": "b", "by": "c"}}', "a source has no 'by'"),
    ],
)
def test_a_wrong_line_is_named(line: bytes, complaint: str) -> None:
    with pytest.raises(IngestError) as raised:
        from_lines([b'{"id": 1, "text": "fine"}\n', b"\n", line], "my.jsonl")
    assert raised.value.message.startswith("my.jsonl, line 3: ")
    assert complaint in raised.value.message
    assert raised.value.hint == "Nothing was imported."


def test_versions_stay_together_in_the_order_of_the_latest() -> None:
    data = [
        b'{"id": 1, "text": "A1", "state": "superseded", "superseded_by": 3}',
        b'{"id": 2, "text": "B"}',
        b'{"id": 3, "text": "A2", "state": "superseded", "superseded_by": 4}',
        b'{"id": 4, "text": "A3"}',
        b'{"text": "C"}',
    ]
    chains = from_lines(data, "file")
    assert [[memory.text for memory in chain] for chain in chains] == [
        ["B"],
        ["A1", "A2", "A3"],
        ["C"],
    ]


times = st.datetimes(
    min_value=datetime(1900, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
words = st.text(min_size=1).map(str.strip).filter(bool)
memories = st.builds(
    PortableMemory,
    text=words,
    subject=st.text(),
    pinned=st.booleans(),
    edited=st.booleans(),
    created_at=st.none() | times,
    valid_from=st.none() | times,
    source=st.none() | st.builds(Quote, words, times, st.text()),
)


@given(memories)
def test_any_memory_survives_its_line(memory: PortableMemory) -> None:
    assert from_lines([to_line(memory).encode()], "file") == [[memory]]
