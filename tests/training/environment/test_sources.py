"""Tasks from generators, benchmarks and scenarios. What the data calls right earns everything."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from memchat.engine.protocol import EngineStatus
from memchat.errors import UsageError
from tests.training.environment.puppet import Puppet
from training.data.load import load_data
from training.data.samples import DecideSample, ExtractSample, render
from training.data.sources import stream
from training.environment.dialogue import Gold, Passing, Unknown
from training.environment.sources import TaskSource, case_dialogue, scenario_dialogue
from training.rl_recipe import Agent, RlRecipe
from training.rollout import Task

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "dev.jsonl"


def tasks(agent: Agent, source: str, dialogues: int = 30, **options: Any) -> list[Task]:
    recipe = RlRecipe(
        agent, {"bank": 1.0}, data=(source,), dialogues=dialogues, held_out=1, **options
    )
    return TaskSource(recipe, Puppet(), lambda *_: None).tasks()


def renumbered(sample: DecideSample, asked: str) -> str:
    """The gold reply, by the number that its memory has in the prompt."""
    match = re.match(r"(UPDATE|DELETE) (\d+)", sample.reply)
    if match is None:
        return sample.reply
    memory = sample.memories[int(match[2]) - 1]
    number = re.search(rf"^(\d+)\. {re.escape(memory)}$", asked, re.MULTILINE)
    return f"{match[1]} {number[1]}{sample.reply[match.end() :]}" if number else ""


def test_the_gold_decision_makes_the_bank_true() -> None:
    samples = {}
    for sample in islice(stream("synthetic", "decide", 1), 40):
        assert isinstance(sample, DecideSample)
        samples[sample.fact] = sample
    scores = []
    for task in tasks(Agent.MANAGER, "synthetic", 40):
        asked = task.request.messages[-1].content
        reply = renumbered(samples[asked.rpartition("New fact: ")[2]], asked)
        scores.append(task.outcome(reply, truncated=False).bank_exact)
    assert len(scores) > 30
    assert sum(scores) >= 0.9 * len(scores)  # bags of words do not always find the memory


def test_the_gold_facts_are_the_truth() -> None:
    found = tasks(Agent.EXTRACTOR, "synthetic")
    for task, sample in zip(found, stream("synthetic", "extract", 1), strict=False):
        assert isinstance(sample, ExtractSample)
        gold = render(sample)
        assert task.request.messages == gold.messages
        assert task.outcome(gold.completion, truncated=False).bank_exact == 1.0
        if sample.facts:
            assert task.outcome("NONE", truncated=False).bank == 0.0


def test_the_gold_answers_are_exact() -> None:
    prompts = {task.request.messages: task for task in tasks(Agent.ANSWER, "synthetic")}
    golds = map(render, islice(stream("synthetic", "answer", 1), 100))
    matching = [(prompts[gold.messages], gold) for gold in golds if gold.messages in prompts]
    assert len(matching) > 20
    for task, gold in matching:
        assert task.outcome(gold.completion, truncated=False).exact_match == 1.0


def test_two_dogs_are_one_memory() -> None:
    for task in tasks(Agent.MANAGER, "two-dogs", 20):
        asked = task.request.messages[-1].content
        kind, old = re.search(r"(\d+)\. The user has a (\w+) called (\w+)", asked).groups()[1:]  # type: ignore[union-attr]
        number = re.search(rf"(\d+)\. The user has a {kind}", asked)
        new = re.search(r"New fact: .*?(\w+)\.$", asked)
        assert number
        assert new
        reply = f"UPDATE {number[1]}: The user has two {kind}s, {old} and {new[1]}."
        assert task.outcome(reply, truncated=False).bank_exact == 1.0
        for other in ("ADD", "NOOP", f"DELETE {number[1]}"):
            assert task.outcome(other, truncated=False).bank_exact == 0.0


def test_coached_prompts_are_for_a_model_without_adapter() -> None:
    (plain, *_), (coached, *_) = (
        tasks(Agent.MANAGER, "two-dogs", 4, coached=coached) for coached in (False, True)
    )
    assert len(coached.request.messages) > len(plain.request.messages) == 2


def locomo(path: Path) -> Path:
    """A conversation of the train split with LoCoMo's irregularities."""
    turns = [
        {"speaker": "Ana", "dia_id": f"D1:{n}", "text": text}
        for n, text in enumerate(("I live in Leeds.", "I have a cat.", "I moved to York."), 1)
    ]
    questions = [
        {"question": "Where does Ana live?", "answer": "York", "evidence": ["D1:1; D1:3"]},
        {"question": "How many cats?", "answer": 1, "evidence": ["D1:2"]},
        {"question": "Which dog?", "adversarial_answer": "Rex", "evidence": [], "category": 5},
    ]
    sample = {
        "sample_id": "conv-26",
        "conversation": {
            "speaker_a": "Ana",
            "speaker_b": "Ben",
            "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_1": turns,
            "session_2_date_time": "1:56 pm on 9 May, 2023",
        },
        "qa": [{"category": 4, **question} for question in questions],
    }
    path.write_text(json.dumps([sample]))
    return path


def test_a_question_of_locomo_waits_for_its_last_evidence(tmp_path: Path) -> None:
    (case,) = load_data(str(locomo(tmp_path / "locomo.json"))).cases
    dialogue = case_dialogue(case)
    assert [question.after for question in dialogue.questions] == [2, 1, 2]
    expected = [question.expected for question in dialogue.questions]
    assert expected == [Gold("York"), Gold("1"), Unknown()]


def test_locomo_gives_tasks_for_each_agent(tmp_path: Path) -> None:
    path = str(locomo(tmp_path / "locomo.json"))
    assert len(tasks(Agent.ANSWER, path)) == 3
    assert len(tasks(Agent.EXTRACTOR, path)) == 2  # the turns with questions
    assert len(tasks(Agent.MANAGER, path)) == 2


def test_only_the_train_split_is_trained_on(tmp_path: Path) -> None:
    path = locomo(tmp_path / "locomo.json")
    path.write_text(path.read_text().replace("conv-26", "conv-30"))
    with pytest.raises(UsageError, match="nothing in the split train"):
        tasks(Agent.ANSWER, str(path))


def test_scenarios_are_dialogues_too() -> None:
    scenario = load_data(str(SCENARIOS)).scenarios[0]
    dialogue = scenario_dialogue(scenario)
    assert [turn.text for turn in dialogue.turns] == [turn.text for turn in scenario.turns]
    last = len(dialogue.turns) - 1
    assert all(isinstance(asked.expected, Passing) for asked in dialogue.asked_after(last))
    assert dialogue.wanted_after(last)


def test_banks_are_built_by_trained_agents(tmp_path: Path) -> None:
    class Untrained(Puppet):
        def status(self) -> EngineStatus:
            return super(Puppet, self).status()

    recipe = RlRecipe(
        Agent.MANAGER, {"f1": 1.0}, data=(str(locomo(tmp_path / "l.json")),), held_out=0
    )
    with pytest.raises(UsageError, match="no adapter"):
        TaskSource(recipe, Untrained(), lambda *_: None).tasks()


def test_too_little_data_is_refused() -> None:
    recipe = RlRecipe(Agent.EXTRACTOR, {"bank": 1.0}, dialogues=4, held_out=4)
    with pytest.raises(UsageError, match="4 tasks for the extractor"):
        TaskSource(recipe, Puppet(), lambda *_: None).tasks()
