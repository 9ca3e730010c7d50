"""LoCoMo's train conversation as samples: the runtime's prompts, and its facts as gold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.config import Settings
from memchat.engine.protocol import CancelToken, EngineStatus, Role, Vectors
from memchat.errors import UsageError
from memchat.ingest.formats import read_conversations
from memchat.ingest.run import Ingestion
from tests.fakes import DIMENSION, FakeEngine
from tests.training.data.test_loaders import LOCOMO
from training.data import locomo_samples
from training.data.samples import AnswerSample, ExtractSample, render
from training.data.sources import stream

SAMPLE = LOCOMO | {
    "observation": {
        "session_1_observation": {"Ana": [["Ana adopted a parrot yesterday.", "D1:1"]]},
        "session_9_observation": {"Ana": [["Ana's parrot is called Kiwi.", "D9:17"]]},
    },
    "qa": [
        {"question": "What is the parrot called?", "answer": "Kiwi", "evidence": ["D9:17"]}
        | {"category": 4},
        {"question": "What is the cat called?", "evidence": ["D9:17"], "category": 5},
    ],
}


class FakeEmbedder:
    """Bag-of-words vectors in place of the embedding model."""

    name, dimension = "bag-of-words", DIMENSION

    def __init__(self, _folder: Path) -> None:
        self._engine = FakeEngine()

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._engine.embed(texts)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(locomo_samples, "Embedder", FakeEmbedder)
    file = tmp_path / "locomo.json"
    file.write_text(json.dumps([SAMPLE]))
    return str(file)


def test_extraction_prompts_are_those_of_ingest(path: str) -> None:
    class AdaptedEngine(FakeEngine):
        def status(self) -> EngineStatus:
            return replace(super().status(), adapters=((Role.MEMORY, "memory"),))

    engine = AdaptedEngine(default_replies={Role.MEMORY: "NONE"})
    with Bank.in_memory() as bank:
        assistant = Assistant(bank, engine, Settings())
        conversations = read_conversations(Path(path))
        Ingestion(assistant, lambda *_: None, CancelToken()).run(conversations)
    rendered = [render(sample) for sample in stream(path, "extract", 1)]
    assert [each.messages for each in rendered] == [each.messages for each in engine.requests]


def test_gold_facts_are_the_observations_with_absolute_dates(path: str) -> None:
    samples = [each for each in stream(path, "extract", 1) if isinstance(each, ExtractSample)]
    assert [sample.facts for sample in samples] == [
        ("Ana adopted a parrot on 7 May 2023.",),
        (),
        ("Ana's parrot is called Kiwi.",),
    ]


def test_answers_cite_what_holds_the_evidence_and_abstain_where_nobody_said(path: str) -> None:
    known, unknown = stream(path, "answer", 1)
    assert isinstance(known, AnswerSample)
    assert isinstance(unknown, AnswerSample)
    cited = [
        hit.text
        for number, hit in enumerate(known.question.hits, 1)
        if str(number) in known.distilled
    ]
    assert known.reply == "Kiwi"
    assert cited
    assert all("Kiwi" in text for text in cited)
    assert unknown.reply == "I don't know."


def test_other_conversations_are_never_trained_on(path: str) -> None:
    Path(path).write_text(json.dumps([SAMPLE | {"sample_id": "conv-49"}]))
    with pytest.raises(UsageError, match="split train"):
        list(stream(path, "extract", 1))


def test_there_are_no_decisions(path: str) -> None:
    assert list(stream(path, "decide", 1)) == []


def test_an_unknown_source_is_named() -> None:
    with pytest.raises(UsageError, match="no data source 'wikipedia'"):
        stream("wikipedia", "extract", 1)
