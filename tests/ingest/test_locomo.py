"""LoCoMo samples: sessions in order, both speakers people, dates where they belong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memchat.errors import IngestError, UsageError
from memchat.ingest.formats import read_conversations


def turn(dia_id: str, speaker: str, text: str, **more: Any) -> dict[str, Any]:
    return {"dia_id": dia_id, "speaker": speaker, "text": text, **more}


def sample(sample_id: str = "conv-1") -> dict[str, Any]:
    return {
        "sample_id": sample_id,
        "qa": [],
        "conversation": {
            "speaker_a": "Ana",
            "speaker_b": "Ben",
            "session_10_date_time": "9:00 am on 1 June, 2023",
            "session_10": [turn("D10:1", "Ben", "Ten!")],
            "session_2_date_time": "1:56 pm on 8 May, 2023",
            "session_2": [
                turn("D2:1", "Ana", "Look!", blip_caption="a photo of a dog on a beach"),
                turn("D2:2", "Ben", "Cute."),
            ],
            "session_11_date_time": "9:00 am on 2 July, 2023",
        },
    }


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_sessions_come_in_numeric_order_each_with_its_date(tmp_path: Path) -> None:
    [conversation] = read_conversations(write(tmp_path / "one.json", [sample()]))
    assert [each.external_id for each in conversation.turns] == [
        "conv-1/D2:1",
        "conv-1/D2:2",
        "conv-1/D10:1",
    ]
    dates = [each.said_at.strftime("%d %b %H:%M") for each in conversation.turns if each.said_at]
    assert dates == ["08 May 13:56", "08 May 13:56", "01 Jun 09:00"]


def test_both_speakers_are_users_under_their_own_names(tmp_path: Path) -> None:
    [conversation] = read_conversations(write(tmp_path / "one.json", sample()))
    assert [(each.role, each.speaker) for each in conversation.turns] == [
        ("user", "Ana"),
        ("user", "Ben"),
        ("user", "Ben"),
    ]


def test_a_shared_photo_is_part_of_what_was_said(tmp_path: Path) -> None:
    [conversation] = read_conversations(write(tmp_path / "one.json", sample()))
    assert conversation.turns[0].text == "Look! [shares a photo: a dog on a beach]"


def test_several_samples_need_a_choice_and_are_listed(tmp_path: Path) -> None:
    path = write(tmp_path / "two.json", [sample("conv-1"), sample("conv-2")])
    with pytest.raises(UsageError) as raised:
        read_conversations(path)
    assert "conv-1, conv-2" in raised.value.hint
    [chosen] = read_conversations(path, conversation="conv-2")
    assert chosen.title == "conv-2"
    with pytest.raises(UsageError, match="no conversation 'conv-3'"):
        read_conversations(path, conversation="conv-3")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"session_2": "nothing"}, "session_2: not a list"),
        ({"session_2": [{"dia_id": "D2:1", "speaker": "Ana"}]}, "session_2, turn 1: dia_id"),
        ({"session_2": ["hello"]}, "session_2, turn 1: not an object"),
        ({"session_2_date_time": "some day"}, "session_2_date_time: not a date: 'some day'"),
    ],
)
def test_a_malformed_sample_says_where(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    broken = sample()
    broken["conversation"] |= change
    with pytest.raises(IngestError, match=complaint):
        read_conversations(write(tmp_path / "broken.json", broken))
