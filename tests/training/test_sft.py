"""Training learns, is exact about what it trains on, and survives being stopped."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig

import training.data.sources
from memchat.engine.protocol import Role
from memchat.errors import ModelError, UsageError
from tests.training.support import TINY, random_adapter, tiny_model
from tests.training.toy_data import toy_stream
from training import sft
from training.backends import Backend, choose_backend
from training.batches import IGNORED, Encoded, collate
from training.files import read_jsonl
from training.model import Base
from training.progress import StopOnInterrupt
from training.recipe import SftRecipe
from training.runs import Run
from training.trainer import answer_labels, answer_logits, collate_rows, last_checkpoint

RECIPE = SftRecipe(
    role=Role.MEMORY,
    tasks={"extract": 0.5, "decide": 0.5},
    samples=96,
    held_out=16,
    steps=8,
    learning_rate=1e-2,
    warmup_steps=1,
    checkpoint_steps=3,
    validation_steps=4,
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return tiny_model(tmp_path_factory.mktemp("tiny"), LlamaConfig)


@pytest.fixture
def recipe(tiny: Base, monkeypatch: pytest.MonkeyPatch) -> SftRecipe:
    monkeypatch.setattr(training.data.sources, "stream", toy_stream)
    return replace(RECIPE, base=tiny.source)


def train(recipe: SftRecipe, out: Path, *, resume: bool = False) -> Path | None:
    return sft.train(recipe, out, backend=Backend.TRL, resume=resume)


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "adapter" / "adapter_model.safetensors")


def test_the_held_out_loss_falls_and_a_gguf_comes_out(recipe: SftRecipe, tmp_path: Path) -> None:
    gguf = train(recipe, tmp_path)
    assert gguf == tmp_path / "memory.gguf"
    assert gguf.exists()
    rows = read_jsonl(tmp_path / "metrics.jsonl")
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 9))
    first, second = (float(str(row["held_out_loss"])) for row in rows if "held_out_loss" in row)
    assert second < first
    assert all(float(str(row["tokens_per_second"])) > 0 for row in rows if "loss" in row)


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(
    recipe: SftRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(StopOnInterrupt):
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 4:
                os.kill(os.getpid(), signal.SIGINT)

    train(recipe, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr("training.progress.StopOnInterrupt", Impatient)
        assert train(recipe, tmp_path / "parts") is None
    assert last_checkpoint(tmp_path / "parts" / "checkpoints") is not None
    assert train(recipe, tmp_path / "parts", resume=True)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_half_written_checkpoint_is_not_taken_for_whole(tmp_path: Path) -> None:
    for step, whole in ((50, True), (100, True), (150, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if whole:
            (folder / "complete").touch()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-100"
    assert last_checkpoint(tmp_path / "nowhere") is None


def test_a_folder_with_a_run_is_not_overwritten(recipe: SftRecipe, tmp_path: Path) -> None:
    Run(tmp_path).begin(asdict(recipe), resume=False)
    with pytest.raises(UsageError, match="holds a run already"):
        train(recipe, tmp_path)
    with pytest.raises(UsageError, match="another recipe"):
        train(replace(recipe, rank=8), tmp_path, resume=True)


def test_samples_that_are_too_long_are_left_out_and_counted(recipe: SftRecipe, tiny: Base) -> None:
    prepared = sft.prepare(replace(recipe, max_tokens=56), tiny)
    assert 0 < prepared.left_out < recipe.samples
    assert all(len(batch.prefix + batch.suffixes[0]) <= 56 for batch in prepared.training)
    with pytest.raises(UsageError, match="None of the 96 samples"):
        sft.prepare(replace(recipe, max_tokens=5), tiny)


def test_held_out_samples_are_others(recipe: SftRecipe, tiny: Base) -> None:
    prepared = sft.prepare(recipe, tiny)
    assert sum(len(batch.suffixes) for batch in prepared.training) == recipe.samples
    assert sum(len(batch.suffixes) for batch in prepared.validation) == recipe.held_out


def test_a_prefix_evaluated_once_gives_the_same_loss_and_gradients(
    tiny: Base, tmp_path: Path
) -> None:
    model = random_adapter(tiny.load(torch.float32), tmp_path)
    samples = [
        Encoded("extract", [*range(10, 30), 40, 41], [50, 51, 2]),
        Encoded("extract", [*range(10, 30), 42], [52, 2]),
    ]
    losses, gradients = [], []
    for share in (True, False):
        inputs = _inputs(samples)
        logits = answer_logits(model, inputs, share_prefix=share)
        labels = answer_labels(inputs)
        asked = labels != IGNORED
        loss = torch.nn.functional.cross_entropy(logits[asked], labels[asked])
        loss.backward()
        losses.append(loss.item())
        gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        model.zero_grad()
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)


def test_the_loss_is_that_of_the_completions_alone(tiny: Base) -> None:
    model = tiny.load(torch.float32)
    sample = Encoded("extract", [10, 11, 12, 13], [50, 51, 2])
    logits = model(input_ids=torch.tensor([sample.prompt + sample.completion])).logits[0, 3:6]
    wanted = torch.nn.functional.cross_entropy(logits, torch.tensor(sample.completion))
    inputs = _inputs([sample, replace(sample, prompt=[10, 11, 12, 13])])
    labels = answer_labels(inputs)
    got = answer_logits(model, inputs, share_prefix=True)
    assert got.shape == (2, 3, TINY["vocab_size"])
    loss = torch.nn.functional.cross_entropy(got.flatten(0, 1), labels.flatten())
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-4)


def _inputs(samples: list[Encoded]) -> dict[str, torch.Tensor]:
    batch = collate(samples, pad=2)
    return collate_rows(
        [{"prefix": batch.prefix, "suffixes": batch.suffixes, "labels": batch.labels}]
    )


def test_unsloth_without_a_gpu_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="needs a CUDA GPU"):
        choose_backend(Backend.UNSLOTH)
    assert choose_backend(Backend.AUTO) is Backend.TRL


def test_unsloth_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ModelError, match="not installed") as raised:
        choose_backend(Backend.UNSLOTH)
    assert "memchat[train-gpu]" in raised.value.hint


def test_an_unknown_recipe_ends_the_command_with_a_message(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sft.main(["--recipe", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capfd.readouterr().err


def test_the_recipe_of_a_run_is_kept(recipe: SftRecipe, tmp_path: Path) -> None:
    Run(tmp_path).begin(asdict(recipe), resume=False)
    assert json.loads((tmp_path / "recipe.json").read_text())["steps"] == 8
