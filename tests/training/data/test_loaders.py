"""Every benchmark format, with its irregularities, made up in miniature."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest

from memchat.errors import DownloadError, IngestError, UsageError
from training.data import fetch
from training.data.benchmark import Question
from training.data.load import load_data
from training.data.locomo import Split
from training.metrics import ADVERSARIAL, MULTI_HOP, SINGLE_HOP, TEMPORAL

LOCOMO = {
    "sample_id": "conv-26",
    "conversation": {
        "speaker_a": "Ana",
        "speaker_b": "Ben",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"dia_id": "D1:1", "speaker": "Ana", "text": "I adopted a parrot."},
            {"dia_id": "D1:5", "speaker": "Ben", "text": "Nice!", "blip_caption": "a parrot"},
        ],
        "session_2_date_time": "2:00 pm on 9 May, 2023",
        "session_9_date_time": "2:00 pm on 9 June, 2023",
        "session_9": [{"dia_id": "D9:17", "speaker": "Ana", "text": "It is called Kiwi."}],
    },
    "qa": [
        {"question": "How many?", "answer": 1, "evidence": ["D1:1"], "category": 4},
        {"question": "What?", "answer": "a, b", "evidence": ["D1:1; D9:17"], "category": 1},
        {"question": "When?", "answer": "May", "evidence": ["D:1:05", "D", "D7:7"], "category": 2},
        {"question": "Why?", "adversarial_answer": "no", "evidence": ["D9:17"], "category": 5},
        {"question": "Who?", "answer": "Ana", "category": 4},
    ],
}
LONGMEMEVAL = {
    "question_id": "q1",
    "question_type": "knowledge-update",
    "question": "Where do I live?",
    "answer": "Oslo",
    "question_date": "2023/05/30 (Tue) 23:40",
    "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/04/10 (Mon) 17:50"],
    "haystack_sessions": [
        [{"role": "user", "content": "I moved to Oslo.", "has_answer": True}],
        [
            {"role": "user", "content": "I live in Bergen."},
            {"role": "assistant", "content": "Nice."},
        ],
    ],
}
MSC = {
    "self_instruct": {"B": "What is your dog called?", "A": "Rex"},
    "previous_dialogs": [
        {
            "time_back": "7 days 8 hours ago",
            "dialog": [{"text": "Hi!"}, {"text": "My dog is Rex."}],
        }
    ],
    "dialog": [{"text": "not memory"}],
}
SCENARIO = {
    "id": "s1",
    "kind": "merge",
    "date": "2025-02-19",
    "turns": [{"text": "A dog."}, {"text": "Another.", "date": "2025-03-01"}],
    "probes": [{"ask": "Dogs?", "all": ["buddy"], "any": ["two", "2"], "none": ["three"]}],
    "bank": {"present": ["Buddy.*Scout"], "absent": ["cat"], "max_active": 1},
}


def write(folder: Path, *values: Any, lines: bool = False) -> str:
    path = folder / ("data.jsonl" if lines else "data.json")
    text = "\n".join(map(json.dumps, values)) if lines else json.dumps(list(values))
    path.write_text(text)
    return str(path)


def questions(folder: Path) -> tuple[Question, ...]:
    return load_data(write(folder, LOCOMO)).cases[0].questions


def test_locomo_turns_are_those_that_ingest_reads(tmp_path: Path) -> None:
    (case,) = load_data(write(tmp_path, LOCOMO)).cases
    assert [turn.external_id for turn in case.conversation.turns] == [
        "conv-26/D1:1",
        "conv-26/D1:5",
        "conv-26/D9:17",
    ]


def test_locomo_answers_may_be_numbers_or_missing(tmp_path: Path) -> None:
    asked = questions(tmp_path)
    assert [question.gold for question in asked] == ["1", "a, b", "May", "", "Ana"]
    categories = [SINGLE_HOP, MULTI_HOP, TEMPORAL, ADVERSARIAL, SINGLE_HOP]
    assert [question.category for question in asked] == categories
    assert [question.unanswerable for question in asked] == [False] * 3 + [True, False]


def test_malformed_evidence_is_read_as_it_was_meant_or_left_out(tmp_path: Path) -> None:
    assert [question.evidence for question in questions(tmp_path)] == [
        ("conv-26/D1:1",),
        ("conv-26/D1:1", "conv-26/D9:17"),
        ("conv-26/D1:5",),
        ("conv-26/D9:17",),
        (),
    ]


def test_the_split_is_by_conversation(tmp_path: Path) -> None:
    others = [LOCOMO | {"sample_id": name} for name in ("conv-30", "conv-49")]
    path = write(tmp_path, LOCOMO, *others)
    split = {s: [case.id for case in load_data(path, split=s).cases] for s in Split}
    assert split == {
        Split.ALL: ["conv-26", "conv-30", "conv-49"],
        Split.TRAIN: ["conv-26"],
        Split.VALIDATION: ["conv-30"],
        Split.TEST: ["conv-49"],
    }
    assert [case.id for case in load_data(path, conversations=["conv-30"]).cases] == ["conv-30"]
    with pytest.raises(UsageError, match="no conversation 'conv-1'") as raised:
        load_data(path, conversations=["conv-1"])
    assert "conv-49 (test)" in raised.value.hint


def test_longmemeval_sessions_come_in_order_of_time(tmp_path: Path) -> None:
    (case,) = load_data(write(tmp_path, LONGMEMEVAL)).cases
    assert [turn.text for turn in case.conversation.turns] == [
        "I live in Bergen.",
        "Nice.",
        "I moved to Oslo.",
    ]
    (question,) = case.questions
    assert question.evidence == ("q1/0/0",)
    assert question.asked_at is not None
    assert f"{question.asked_at:%Y-%m-%d %H:%M}" == "2023-05-30 23:40"


def test_longmemeval_abstention_has_no_gold(tmp_path: Path) -> None:
    (case,) = load_data(write(tmp_path, LONGMEMEVAL | {"question_id": "q1_abs"})).cases
    assert case.questions[0].unanswerable
    assert case.questions[0].gold == ""


def test_msc_speakers_alternate_and_its_current_chat_is_no_memory(tmp_path: Path) -> None:
    (case,) = load_data(write(tmp_path, MSC, lines=True)).cases
    turns = case.conversation.turns
    assert [(turn.speaker, turn.text) for turn in turns] == [
        ("Speaker 1", "Hi!"),
        ("Speaker 2", "My dog is Rex."),
    ]
    assert turns[0].said_at is not None
    assert f"{turns[0].said_at.astimezone(UTC):%d %H}" == "05 04"
    assert case.questions[0].gold == "Rex"


def test_scenarios_are_read_with_their_checks(tmp_path: Path) -> None:
    (scenario,) = load_data(write(tmp_path, SCENARIO, lines=True)).scenarios
    assert [turn.said_at.month for turn in scenario.turns] == [2, 3]
    (probe,) = scenario.probes
    assert probe.passes("You have two dogs: Buddy and Scout.")
    assert not probe.passes("Buddy.")
    assert not probe.passes("Two or three: Buddy.")
    bank = scenario.bank
    assert bank.failures(["The user has two dogs, buddy and scout."]) == []
    assert bank.failures(["Buddy", "a cat"]) == [
        "missing: Buddy.*Scout",
        "there, but should not be: cat",
        "2 active memories, at most 1 expected",
    ]


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (LOCOMO | {"qa": [{"question": "Who?", "category": 4}]}, 'question 1: "answer" is missing'),
        (LOCOMO | {"qa": [{"question": "Who?", "category": 6}]}, "category must be 1 to 5"),
        (LONGMEMEVAL | {"haystack_dates": []}, "entry 1: haystack_sessions"),
        (LONGMEMEVAL | {"question_date": "soon"}, "entry 1: not a date"),
        (MSC | {"self_instruct": None}, "entry 1: self_instruct is missing"),
        (SCENARIO | {"turns": []}, 'line 1: "turns" is missing'),
        (SCENARIO | {"date": "someday"}, "line 1: not a date"),
        (SCENARIO | {"bank": {"present": ["("]}}, "is not a pattern"),
        (SCENARIO | {"probes": [{"ask": "?", "all": "buddy"}]}, '"all" must be a list'),
        ({"hello": 1}, "in no format"),
    ],
)
def test_what_is_malformed_is_named(tmp_path: Path, value: Any, wrong: str) -> None:
    with pytest.raises((IngestError, UsageError), match=wrong):
        load_data(write(tmp_path, value))


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(SCENARIO) + "\n{oops\n")
    with pytest.raises(IngestError, match="line 2"):
        load_data(str(path))


def test_offline_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(httpx, "stream", refuse)
    with pytest.raises(DownloadError, match="cannot be downloaded") as raised:
        load_data("locomo")
    assert "--data locomo10.json" in raised.value.hint


def test_a_file_with_another_checksum_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = fetch.DATASETS["locomo"]
    monkeypatch.setattr(fetch, "_download", lambda _dataset, to: to.write_text("[]"))
    with pytest.raises(DownloadError, match="not the locomo data"):
        fetch.fetch(dataset)
    assert not list(dataset.path.parent.iterdir())


def test_a_downloaded_file_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = fetch.DATASETS["locomo"]
    dataset.path.parent.mkdir(parents=True)
    dataset.path.write_text(json.dumps([LOCOMO]))
    monkeypatch.setattr(fetch, "_download", lambda *_: pytest.fail("asked the net again"))
    assert load_data("locomo").cases[0].id == "conv-26"
