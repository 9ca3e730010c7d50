"""Runs of GRPO and PPO: they learn, survive being stopped, and refuse what cannot be meant."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig

import training.checkpoints
import training.rl
from memchat.engine.protocol import Role
from memchat.errors import ModelError, StorageFullError, UsageError
from tests.training.environment.puppet import Puppet
from tests.training.support import tiny_model
from training.backends import Backend
from training.files import read_jsonl
from training.model import Base
from training.rl import Start
from training.rl_recipe import Agent, GrpoRecipe, PpoRecipe, RlRecipe
from training.rollout import Collector
from training.runs import Run
from training.trainer import last_checkpoint

COMMON: dict[str, Any] = {
    "agent": Agent.MANAGER,
    "reward": {"bank": 1.0},
    "data": ("two-dogs",),
    "dialogues": 6,
    "held_out": 1,
    "steps": 4,
    "group": 3,
    "groups": 2,
    "rerolls": 1,
    "learning_rate": 1e-2,
    "checkpoint_steps": 2,
    "validation_steps": 4,
    "kl": 0.05,
}
RECIPES: dict[str, RlRecipe] = {"grpo": GrpoRecipe(**COMMON), "ppo": PpoRecipe(**COMMON)}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return tiny_model(tmp_path_factory.mktemp("tiny"), LlamaConfig)


@pytest.fixture(scope="module", autouse=True)
def puppets() -> Iterator[None]:
    @contextmanager
    def agents(*_: Any) -> Iterator[Puppet]:
        yield Puppet()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.rl, "frozen_agents", agents)
        yield


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request: pytest.FixtureRequest, tiny: Base) -> RlRecipe:
    return replace(RECIPES[request.param], base=tiny.source)


@pytest.fixture(scope="module")
def whole(recipe: RlRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run from its start to its end."""
    folder = tmp_path_factory.mktemp("whole")
    assert train(recipe, folder) == folder / "memory.gguf"
    return folder


def train(recipe: RlRecipe, out: Path, start: Start | None = None, *, resume: bool = False) -> Any:
    return training.rl.train(recipe, out, start or Start(), backend=Backend.TRL, resume=resume)


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "adapter" / "adapter_model.safetensors")


@contextmanager
def at_group(number: int, do: Callable[[], None]) -> Iterator[None]:
    """Do something when so many groups have been collected."""
    collect, count = Collector.collect, 0

    def counting(self: Collector) -> Any:
        nonlocal count
        count += 1
        if count == number:
            do()
        return collect(self)

    Collector.collect = counting  # type: ignore[method-assign]
    try:
        yield
    finally:
        Collector.collect = collect  # type: ignore[method-assign]


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def same_weights(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_leaves_an_adapter_its_gguf_and_its_metrics(whole: Path) -> None:
    assert (whole / "memory.gguf").stat().st_size > 1000
    assert (whole / "curve.png").stat().st_size > 1000
    rows = read_jsonl(whole / "metrics.jsonl")
    steps = [row for row in rows if "reward" in row]
    assert [row["step"] for row in steps] == [1, 2, 3, 4]
    assert [row["step"] for row in rows if "held_out_reward" in row] == [0, 4]
    assert all({"kl", "degenerate", "rerolled", "entropy", "loss"} <= set(row) for row in steps)
    assert all(row["rollouts"] in (6.0, 9.0, 12.0, 15.0, 18.0) for row in steps)
    moved = [tensor.abs().sum() for name, tensor in weights(whole).items() if "lora_B" in name]
    assert all(moved)
    assert not list((whole / "adapter").glob("ref*"))  # the reference stays at home


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(
    recipe: RlRecipe, whole: Path, tmp_path: Path
) -> None:
    with at_group(5, interrupt):
        assert train(recipe, tmp_path) is None
    assert last_checkpoint(tmp_path / "checkpoints")
    assert train(recipe, tmp_path, resume=True)
    assert same_weights(whole, tmp_path)


def test_a_run_that_was_killed_goes_on_from_the_last_whole_checkpoint(
    recipe: RlRecipe, whole: Path, tmp_path: Path
) -> None:
    class KilledError(BaseException):
        pass

    def kill() -> None:
        raise KilledError

    with at_group(7, kill), pytest.raises(KilledError):
        train(recipe, tmp_path)
    checkpoints = tmp_path / "checkpoints"
    shutil.copytree(checkpoints / "checkpoint-2", checkpoints / "checkpoint-3")
    (checkpoints / "checkpoint-3" / "complete").unlink()  # it was being written
    assert train(recipe, tmp_path, resume=True)
    assert same_weights(whole, tmp_path)


def test_a_full_disk_is_said_and_costs_no_checkpoint(
    recipe: RlRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = torch.save

    def save_once(*values: Any, **options: Any) -> None:
        if last_checkpoint(tmp_path / "checkpoints"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(*values, **options)

    monkeypatch.setattr(torch, "save", save_once)
    with pytest.raises(StorageFullError, match="No space is left"):
        train(replace(recipe, checkpoint_steps=1), tmp_path)
    assert last_checkpoint(tmp_path / "checkpoints") == tmp_path / "checkpoints" / "checkpoint-1"


def test_learning_starts_from_another_run(recipe: RlRecipe, whole: Path, tmp_path: Path) -> None:
    still = replace(recipe, learning_rate=0.0, steps=1)
    train(still, tmp_path, Start(whole))
    assert same_weights(whole, tmp_path)
    rows = read_jsonl(tmp_path / "metrics.jsonl")
    assert [row["kl"] for row in rows if "kl" in row] == [0.0]  # measured from where it started


def test_another_start_is_another_run(recipe: RlRecipe, tmp_path: Path) -> None:
    Run(tmp_path).begin({"role": "memory"}, resume=False)
    with pytest.raises(UsageError, match="begun with another recipe"):
        train(recipe, tmp_path, resume=True)
    with pytest.raises(UsageError, match="holds a run already"):
        train(recipe, tmp_path)


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        ({"role": "memory", "base": ""}, "was trained on smollm2"),
        ({"role": "answer"}, "is for the answer role"),
    ],
)
def test_an_adapter_that_does_not_belong_is_refused(
    tiny: Base, tmp_path: Path, recorded: dict[str, str], message: str
) -> None:
    recipe = replace(RECIPES["ppo"], base=tiny.source)
    start = Run(tmp_path / "start")
    start.begin({"base": tiny.source, **recorded}, resume=False)
    start.adapter.mkdir()
    (start.adapter / "adapter_config.json").write_text('{"r": 16, "lora_alpha": 32}')
    with pytest.raises(ModelError, match=message):
        train(recipe, tmp_path / "out", Start(start.folder))


def test_an_adapter_of_another_shape_is_refused(
    recipe: RlRecipe, whole: Path, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    shutil.copytree(whole, start)
    config = start / "adapter" / "adapter_config.json"
    config.write_text(config.read_text().replace('"r": 16', '"r": 4'))
    with pytest.raises(ModelError, match="does not fit"):
        train(recipe, tmp_path / "out", Start(start))


def test_learning_starts_from_a_gguf_too(recipe: RlRecipe, whole: Path, tmp_path: Path) -> None:
    still = replace(recipe, learning_rate=0.0, steps=1)
    train(still, tmp_path, Start(whole / "memory.gguf"))
    first, second = weights(whole), weights(tmp_path)
    assert all(torch.allclose(first[name], second[name], atol=1e-3) for name in first)


def test_ppo_says_that_it_runs_in_one_process(
    tiny: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="one process"):
        train(replace(RECIPES["ppo"], base=tiny.source), tmp_path)


@pytest.mark.slow
def test_a_base_without_a_gguf_gets_one_for_the_frozen_agents(tiny: Base, tmp_path: Path) -> None:
    from memchat.engine.protocol import ChatMessage, GenerateRequest, complete
    from training.frozen import frozen_agents

    request = GenerateRequest(Role.ANSWER, (ChatMessage("user", "Hello?"),), max_tokens=4)
    with frozen_agents(tiny, {}, tmp_path) as engine:
        first = complete(engine, request)
    (gguf,) = tmp_path.glob("*.gguf")
    assert gguf.name.endswith(".q8_0.gguf")
    with frozen_agents(tiny, {}, tmp_path) as engine:
        assert complete(engine, request).text == first.text
