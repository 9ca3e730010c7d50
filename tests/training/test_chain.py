"""The whole chain in small: generate, train, export, load in llama.cpp, chat and remember."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from memchat.config import Settings
from memchat.engine.factory import create_engine
from memchat.engine.protocol import ModelSpec, Role
from memchat.turn import AnswerFinished, FactsExtracted
from memchat.weights.discover import resolve_spec
from tests.training.support import random_adapter, tiny_model
from training import sft
from training.backends import Backend
from training.export import Quantisation, export_merged
from training.files import read_jsonl
from training.model import Base
from training.recipe import SftRecipe
from training.trainer import last_checkpoint

TASKS = {Role.MEMORY: {"extract": 0.5, "decide": 0.5}, Role.ANSWER: {"answer": 1.0}}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A tiny random model as a GGUF: what training starts from, and what the chat loads."""
    folder = tmp_path_factory.mktemp("tiny")
    tiny = tiny_model(folder / "transformers", LlamaConfig)
    random_adapter(tiny.load(torch.float32), folder / "nothing", std=0.0)
    path = folder / "tiny-f16.gguf"
    return Base(str(export_merged(folder / "nothing", tiny, path, Quantisation.F16)))


def recipe(role: Role, base: Base) -> SftRecipe:
    return SftRecipe(
        role,
        TASKS[role],
        base=base.source,
        samples=80,
        batch_samples=4,
        held_out=0,
        steps=20,
        checkpoint_steps=10,
        learning_rate=1e-2,
        warmup_steps=0,
    )


def test_from_nothing_to_a_chat_that_remembers(base: Base, tmp_path: Path) -> None:
    adapters = []
    for role in (Role.MEMORY, Role.ANSWER):
        gguf = sft.train(recipe(role, base), tmp_path / role, backend=Backend.TRL)
        assert gguf is not None
        losses = [float(str(row["loss"])) for row in read_jsonl(tmp_path / role / "metrics.jsonl")]
        assert sum(losses[-5:]) < sum(losses[:5])
        adapters.append((role, gguf))
    spec = ModelSpec(Path(base.source), resolve_spec("").embedder, tuple(adapters))
    engine = create_engine(spec, in_process=True, log_file=tmp_path / "log")
    settings = Settings(max_answer_tokens=8, temperature=0.0, context_tokens=1024)
    with Bank.in_memory() as bank:
        assistant = Assistant(bank, engine, settings)
        message = assistant.submit(bank.create_chat().id, "I have a dog called Buddy.")
        events = [*assistant.answer(message.id), *assistant.manage()]
        assert bank.message(message.id).memory_state is MemoryState.DONE
    engine.close()
    assert any(isinstance(event, AnswerFinished) for event in events)
    assert any(isinstance(event, FactsExtracted) for event in events)


@pytest.mark.slow
def test_kill_9_loses_at_most_the_steps_since_the_last_checkpoint(tmp_path: Path) -> None:
    toml = tmp_path / "recipe.toml"
    toml.write_text(
        'role = "memory"\nsamples = 400\nheld_out = 8\ncheckpoint_steps = 2\nsteps = 8\n'
        "batch_samples = 4\n[tasks]\nextract = 1\n"
    )
    run = tmp_path / "run"
    command = [sys.executable, "-m", "training.sft", "--recipe", str(toml), "--out", str(run)]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 600
    while last_checkpoint(run / "checkpoints") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    saved = last_checkpoint(run / "checkpoints")
    assert saved is not None
    subprocess.run([*command, "--resume"], check=True)
    steps = [int(str(row["step"])) for row in read_jsonl(run / "metrics.jsonl") if "loss" in row]
    assert steps[-1] == 8
    assert len(steps) <= 8 + 2
    assert (run / "memory.gguf").exists()
