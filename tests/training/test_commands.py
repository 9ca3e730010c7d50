"""`memchat train` and `memchat export`, up to where the work begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig
from typer.testing import CliRunner, Result

import training.data.sources
from memchat.cli.app import app
from memchat.errors import MemchatError, UsageError
from tests.training.support import random_adapter, tiny_model
from tests.training.toy_data import toy_stream
from training.files import write_json
from training.model import Base


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return tiny_model(tmp_path_factory.mktemp("tiny"), LlamaConfig)


def run(*options: str) -> Result:
    return CliRunner().invoke(app, [*options])


def test_a_dry_run_tells_the_plan_and_writes_nothing(
    tiny: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.data.sources, "stream", toy_stream)
    options = ["--base", tiny.source, "--samples", "64", "--out", str(tmp_path / "runs")]
    ran = run("train", "--dry-run", *options)
    assert ran.exit_code == 0, ran.output
    assert "64 samples in 5 batches, 5 steps" in " ".join(ran.output.split())
    assert "SFT of the memory adapter" in ran.output
    assert "SFT of the answer adapter" in ran.output
    assert not (tmp_path / "runs").exists()


def test_train_writes_a_gguf_for_the_agent(
    tiny: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.data.sources, "stream", toy_stream)
    recipe = tmp_path / "short.toml"
    recipe.write_text('role = "answer"\nheld_out = 4\n[tasks]\nanswer = 1\n')
    options = ["--agent", "answer", "--recipe", str(recipe), "--out", str(tmp_path / "runs")]
    ran = run("train", *options, "--base", tiny.source, "--samples", "32", "--steps", "2")
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "runs" / "short" / "answer.gguf").is_file()


def test_export_knows_base_and_role_from_the_run(tiny: Base, tmp_path: Path) -> None:
    random_adapter(tiny.load(torch.float32), tmp_path / "adapter")
    write_json(tmp_path / "recipe.json", {"base": tiny.source, "role": "memory"})
    assert run("export", str(tmp_path)).exit_code == 0
    assert (tmp_path / "memory.gguf").is_file()
    assert run("export", str(tmp_path), "--merge", "q8_0").exit_code == 0
    assert list(tmp_path.glob("tiny*-memory.q8_0.gguf"))


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (["train", "--algo", "magic"], "--algo: there is no 'magic'"),
        (["train", "--recipe", "sft-memory"], "for one agent"),
        (["train", "--agent", "manager", "--recipe", "none.toml"], r"none\.toml"),
        (["train", "--agent", "manager", "--data", "wikipedia"], "no data source 'wikipedia'"),
        (["export", "nowhere", "--role", "painter"], "--role: there is no 'painter'"),
        (["export", "nowhere"], "does not say which agent"),
        (["export", "nowhere", "--role", "memory"], "not a PEFT adapter"),
    ],
)
def test_mistakes_are_named(options: list[str], wrong: str, tmp_path: Path) -> None:
    if options[0] == "train":
        options = [*options, "--out", str(tmp_path)]
    with pytest.raises(MemchatError, match=wrong):
        CliRunner().invoke(app, options, catch_exceptions=False)


def test_an_unknown_backend_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--backend: there is no 'magic'"):
        CliRunner().invoke(
            app,
            ["train", "--backend", "magic", "--out", str(tmp_path)],
            catch_exceptions=False,
        )
