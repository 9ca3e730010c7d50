"""The harness measures what happened, goes on where it stopped, and compares like with like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

import training.evaluate
from memchat.cli.app import app
from memchat.config import Settings
from memchat.engine.protocol import ModelSpec, Role
from memchat.errors import EngineCrashedError, UsageError
from memchat.ingest.turns import Conversation, IngestTurn
from tests.fakes import FakeEngine
from training.data.benchmark import Case, Question
from training.data.load import Data
from training.data.scenarios import BankCheck, Probe, Scenario, ScenarioTurn
from training.evaluate import Evaluation, Result, to_json
from training.evaluation.systems import Adapters, MemoryKind, System, make_systems
from training.metrics import ADVERSARIAL, SINGLE_HOP

DAY = datetime(2023, 5, 8, 12, 0, tzinfo=UTC)
PARROT = "Ana has a parrot called Kiwi."
SAID = ("I have a parrot called Kiwi.", "It rains a lot in Bergen.")


def case() -> Case:
    turns = tuple(
        IngestTurn(f"conv-1/D1:{number}", "user", "Ana", text, DAY)
        for number, text in enumerate(SAID, 1)
    )
    asked = (
        Question("q1", "What is the parrot called?", "Kiwi", SINGLE_HOP, ("conv-1/D1:1",), None),
        Question("q2", "What is the cat called?", "", ADVERSARIAL, (), None, unanswerable=True),
    )
    return Case(Conversation("conv-1", "conv-1", turns), asked)


def scenario(turn: str = SAID[0], max_active: int | None = None) -> Scenario:
    probe = Probe("What is my parrot called?", ("kiwi",), (), ())
    present = () if max_active == 0 else (re.compile("Kiwi"),)
    return Scenario(
        "s1",
        "fiction" if max_active == 0 else "single_fact",
        (ScenarioTurn(turn, DAY),),
        (probe,),
        BankCheck(present, (), max_active),
    )


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine(default_replies={Role.MEMORY: "NONE"})

    @contextmanager
    def opened(_system: System) -> Iterator[FakeEngine]:
        yield fake

    monkeypatch.setattr(training.evaluate, "_engine", opened)
    return fake


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


def system(model: Path, memory: MemoryKind = MemoryKind.MANAGED, adapter: str = "") -> System:
    files = ()
    if adapter:
        path = model.with_name(f"{adapter}.gguf")
        path.write_bytes(adapter.encode())
        files = ((Role.ANSWER, path),)
    return System(memory, Adapters(adapter or "none", files), ModelSpec(model, model, files))


def evaluate(data: Data, *systems: System, fresh: bool = False) -> list[Result]:
    progress = lambda *_: None  # noqa: E731
    return Evaluation(data, Settings(temperature=0.0), progress, fresh).run(systems)


def questions() -> Data:
    return Data(Path("locomo"), cases=(case(),))


def test_scores_recall_and_abstention_of_a_question_set(engine: FakeEngine, model: Path) -> None:
    engine.enqueue(PARROT, "NONE", role=Role.MEMORY)
    engine.enqueue("Using: 1", " Kiwi", "Using: none", " I don't know.")
    (result,) = evaluate(questions(), system(model))
    report = result.report
    assert (report["n"], report["f1"], report["f1_official"], report["em"]) == (1, 1.0, 1.0, 1.0)
    assert report["by_category"][SINGLE_HOP]["bleu1"] == 1.0
    assert report["abstention"] == {"n": 1, "rate": 1.0, "false_rate": 0.0}
    assert report["evidence_recall"]["5"] == 1.0
    assert report["bank"]["operations"] == {"ADD": 1}
    assert report["bank"]["memories"] == 1
    assert report["bank"]["turn_seconds"]["extract"] >= 0


def test_what_is_done_is_not_done_again(engine: FakeEngine, model: Path) -> None:
    engine.enqueue(PARROT, "NONE", role=Role.MEMORY)
    engine.enqueue("Using: 1", " Kiwi", "Using: none", " I don't know.")
    (first,) = evaluate(questions(), system(model))
    requests = len(engine.requests)
    (again,) = evaluate(questions(), system(model))
    assert len(engine.requests) == requests
    assert again.report == first.report
    evaluate(questions(), system(model), fresh=True)
    assert len(engine.requests) > requests


def test_another_answer_adapter_reads_the_same_bank(engine: FakeEngine, model: Path) -> None:
    evaluate(questions(), system(model))
    before = sum(request.role is Role.MEMORY for request in engine.requests)
    answered = len(engine.requests) - before
    evaluate(questions(), system(model, adapter="answer"))
    assert sum(request.role is Role.MEMORY for request in engine.requests) == before
    assert len(engine.requests) == before + 2 * answered


def test_an_interrupted_run_goes_on_with_the_next_question(engine: FakeEngine, model: Path) -> None:
    engine.enqueue("Using: 1", " Kiwi", EngineCrashedError("The process died."))
    with pytest.raises(EngineCrashedError):
        evaluate(questions(), system(model))
    engine.enqueue("Using: none", " I don't know.")
    (result,) = evaluate(questions(), system(model))
    assert [record["answer"] for record in result.records] == ["Kiwi", "I don't know."]


def test_add_only_never_asks_for_a_decision(engine: FakeEngine, model: Path) -> None:
    engine.enqueue(PARROT, "Ana has two parrots called Kiwi and Mango.", role=Role.MEMORY)
    (result,) = evaluate(questions(), system(model, MemoryKind.ADD_ONLY))
    assert result.report["bank"]["operations"] == {"ADD": 2}


@pytest.mark.parametrize("kind", [MemoryKind.RAW_TURNS, MemoryKind.FULL_CONTEXT, MemoryKind.NONE])
def test_baselines_never_call_the_memory_model(
    engine: FakeEngine, model: Path, kind: MemoryKind
) -> None:
    (result,) = evaluate(questions(), system(model, kind))
    assert {request.role for request in engine.requests} == {Role.ANSWER}
    prompt = engine.requests[0].messages[-1].content
    assert (SAID[0] in prompt) is (kind is not MemoryKind.NONE)
    recalls = {"5": 1.0, "10": 1.0, "20": 1.0, "60": 1.0}
    raw = kind is MemoryKind.RAW_TURNS
    assert result.report["evidence_recall"] == (recalls if raw else dict.fromkeys(recalls))


def test_the_json_has_the_first_system_at_its_top(engine: FakeEngine, model: Path) -> None:
    results = evaluate(questions(), system(model), system(model, MemoryKind.NONE))
    value = json.loads(json.dumps(to_json(results, questions(), Settings())))
    assert {"f1", "f1_official", "bleu1", "em", "by_category", "evidence_recall", "n"} <= set(value)
    assert [each["memory"] for each in value["systems"]] == ["managed", "none"]
    assert len(value["systems"][1]["records"]) == 2


def test_a_scenario_is_lived_through_and_probed_in_another_chat(
    engine: FakeEngine, model: Path
) -> None:
    engine.enqueue("The user has a parrot called Kiwi.", role=Role.MEMORY)
    engine.enqueue("Nice!", "Using: 1", " Your parrot is called Kiwi.")
    (result,) = evaluate(Data(Path("s"), scenarios=(scenario(),)), system(model))
    assert (result.report["probe_rate"], result.report["bank_rate"]) == (1.0, 1.0)
    (record,) = result.records
    assert record["memories"] == ["The user has a parrot called Kiwi."]
    probe = engine.requests[-1].messages
    assert [message.role for message in probe] == ["system", "user"]  # no history


def test_failures_and_wrong_writes_are_counted(engine: FakeEngine, model: Path) -> None:
    engine.enqueue("The user is a pirate.", role=Role.MEMORY)
    story = scenario("Write me a story about a pirate.", max_active=0)
    data = Data(Path("s"), scenarios=(story, scenario()))
    (result,) = evaluate(data, system(model))
    assert result.report["wrong_writes"] == {"turns": 1, "rate": 1.0}
    assert result.report["bank_rate"] == 0.0
    assert result.report["probe_rate"] == 0.0
    assert result.report["by_kind"]["fiction"]["scenarios"] == 1


def test_full_context_probes_in_the_conversation_itself(engine: FakeEngine, model: Path) -> None:
    data = Data(Path("s"), scenarios=(scenario(),))
    evaluate(data, system(model, MemoryKind.FULL_CONTEXT))
    assert SAID[0] in [message.content for message in engine.requests[-1].messages]


def test_adapters_are_found_by_name_or_folder(tmp_path: Path) -> None:
    for role in ("memory", "answer"):
        (tmp_path / role).mkdir()
        (tmp_path / role / f"{role}.gguf").write_bytes(b"GGUF")
    joined = f"{tmp_path / 'memory'}+{tmp_path / 'answer'}"
    kinds = [MemoryKind.MANAGED, MemoryKind.NONE]
    systems = make_systems(kinds, ["none", joined], Settings())
    assert [(each.memory, len(each.spec.adapters)) for each in systems] == [
        (MemoryKind.MANAGED, 0),
        (MemoryKind.NONE, 0),
        (MemoryKind.MANAGED, 2),
        (MemoryKind.NONE, 2),
    ]
    with pytest.raises(UsageError, match=r"neither memory\.gguf nor answer\.gguf"):
        make_systems(kinds, [str(tmp_path)], Settings())


def test_the_command_prints_tables_and_writes_json(engine: FakeEngine, tmp_path: Path) -> None:
    engine.enqueue("Nice!", "Using: none", " No idea.")
    data = tmp_path / "scenarios.jsonl"
    data.write_text(
        json.dumps(
            {
                "id": "parrot",
                "kind": "single_fact",
                "date": "2024-05-08",
                "turns": [{"text": SAID[0]}],
                "probes": [{"ask": "What is my parrot called?", "all": ["kiwi"]}],
                "bank": {"present": ["kiwi"]},
            }
        )
    )
    out = tmp_path / "out.json"
    options = ["eval", "--data", str(data), "--adapters", "none", "--json", str(out)]
    ran = CliRunner().invoke(app, options)
    assert ran.exit_code == 0, ran.output
    assert "missing: kiwi" in ran.output
    assert "What is my parrot called? -> No idea." in ran.output
    value = json.loads(out.read_text())
    assert (value["probe_rate"], value["bank_rate"]) == (0.0, 0.0)


def test_a_mistyped_option_is_named() -> None:
    ran = CliRunner().invoke(app, ["eval", "--data", "x.json", "--memory", "magic"])
    assert isinstance(ran.exception, UsageError)
    assert "--memory: there is no 'magic'" in ran.exception.message
