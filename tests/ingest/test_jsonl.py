"""Plain JSONL: lenient about what is left out, exact about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat.errors import IngestError
from memchat.ingest.jsonl import read_jsonl
from memchat.ingest.turns import Conversation

PATH = Path("talk.jsonl")


def read(text: str) -> Conversation:
    [conversation] = read_jsonl(text, PATH)
    return conversation


def test_blank_lines_are_skipped_and_dates_carried_on() -> None:
    conversation = read(
        '{"role": "user", "text": "Hi", "date": "2023-05-08", "speaker": "Ana"}\n'
        "\n  \n"
        '{"role": "assistant", "text": "Hello"}\r\n'
    )
    first, second = conversation.turns
    assert (first.role, first.speaker, first.text) == ("user", "Ana", "Hi")
    assert (second.role, second.speaker) == ("assistant", "")
    assert second.said_at == first.said_at is not None
    assert conversation.title == "talk"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("12", "not a JSON object"),
        ('{"text": "Hi"}', '"role" must be'),
        ('{"role": "robot", "text": "Hi"}', "'robot'"),
        ('{"role": [], "text": "Hi"}', '"role" must be'),
        ('{"role": "user"}', '"text" is missing'),
        ('{"role": "user", "text": " "}', '"text" is missing'),
        ('{"role": "user", "text": "Hi", "date": "soon"}', '"date" is not an ISO 8601 date: .soon'),
        ('{"role": "user", "text": "Hi", "speaker": 3}', '"speaker" must be text'),
    ],
)
def test_a_malformed_line_is_named_by_file_and_number(line: str, complaint: str) -> None:
    good = '{"role": "user", "text": "Hi"}'
    with pytest.raises(IngestError, match=rf"talk\.jsonl, line 3: .*{complaint}"):
        read(f"{good}\n\n{line}\n{good}")


def test_a_line_that_changed_is_another_turn() -> None:
    before = read('{"role": "user", "text": "I have a dog"}').turns[0]
    after = read('{"role": "user", "text": "I have two dogs"}').turns[0]
    assert before.external_id != after.external_id


def test_escapes_of_half_a_character_become_storable() -> None:
    turn = read(r'{"role": "user", "text": "a\ud800b \u00e9", "speaker": "\udfff"}').turns[0]
    turn.text.encode()
    turn.speaker.encode()
    assert turn.text.endswith("b é")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        conversation = read(text)
    except IngestError as error:
        assert "talk.jsonl, line " in error.message  # noqa: PT017
    else:
        assert all(turn.text.strip() for turn in conversation.turns)
