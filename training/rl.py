"""Reinforcement learning of one agent, from recipe to GGUF.

One folder holds a run: the recipe as it was used, metrics.jsonl, curve.png, checkpoints, the PEFT
adapter and the GGUF that memchat loads. A run that stopped goes on with --resume.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from memchat.cli.output import note
from memchat.cli.progress import show_progress
from memchat.engine.protocol import Role
from memchat.engine.threads import default_threads
from memchat.errors import UsageError
from training.backends import Backend, choose_backend, generating
from training.environment.sources import TaskSource
from training.export import export_adapter
from training.frozen import frozen_agents
from training.gguf_source import open_source
from training.model import Base, find_base
from training.rl_recipe import Agent, GrpoRecipe, PpoRecipe, RlRecipe
from training.runs import Run
from training.start import load_policy_model

if TYPE_CHECKING:
    from training.policy import Policy
    from training.rollout import Task
    from training.session import Session


CPU_ROLLOUTS_PER_SECOND = {Agent.MANAGER: 3.0, Agent.EXTRACTOR: 2.0, Agent.ANSWER: 1.5}
"""Sampled, judged and learned from, on one core with the embedded base; for estimates."""
_MEAN_REPLY = 30
"""Tokens."""
_LOGIT_COPIES = 4
"""Logits, masked logits, log-probabilities, gradients."""
_LIBRARIES = 1 << 30
"""Bytes that torch and its friends take."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a run begins.

    `adapter` is the run whose PEFT adapter is trained on, None for a fresh one. `frozen` holds the
    GGUF adapters of the agents that stay as they are; one for the trained agent's own role is the
    adapter it begins as, which builds the banks.
    """

    adapter: Path | None = None
    frozen: Mapping[Role, Path] = dataclasses.field(default_factory=dict)


def train(
    recipe: RlRecipe, out: Path, start: Start, *, backend: Backend, resume: bool = False
) -> Path | None:
    """Train the recipe's agent in the folder `out`; the path of the GGUF.

    None when it was interrupted: the same call with `resume` goes on from the last checkpoint.
    Raises MemchatError when recipe, base, adapters or data cannot be used.
    """
    run = Run(out)
    run.begin(_described(recipe, start), resume=resume)
    if isinstance(recipe, GrpoRecipe):
        importlib.import_module("training.grpo")  # on TRL's own trainer, before Unsloth patches it
    backend = choose_backend(backend)
    base = find_base(recipe.base)
    with frozen_agents(base, start.frozen, out) as engine:
        with show_progress() as progress:
            tasks = TaskSource(recipe, engine, progress).tasks()
        policy = _policy(backend, base, recipe, start)
        if not _fit(policy, tasks, recipe, run, base):
            note("Stopped. The same command with --resume goes on from here.")
            return None
    run.save_adapter(partial(policy.model.save_pretrained, selected_adapters=["default"]))
    from training.plots import plot_rewards

    plot_rewards(run.metrics, out / "curve.png")
    return export_adapter(run.adapter, base, out / f"{recipe.agent.role}.gguf", recipe.agent.role)


def describe(recipe: RlRecipe) -> str:
    """What training by this recipe amounts to, without training."""
    base = find_base(recipe.base)
    hours = recipe.rollouts / CPU_ROLLOUTS_PER_SECOND[recipe.agent] / 3600
    return (
        f"{algorithm(recipe)} of the {recipe.agent} on {base.name}, data: "
        f"{', '.join(recipe.data)} ({_amount(recipe)}); {recipe.steps} steps of {recipe.groups} "
        f"groups of {recipe.group}: {recipe.rollouts:,} rollouts, about {hours:.1f} hours on a CPU "
        f"core with the embedded base, rerolls and banks not counted; "
        f"about {_memory(base, recipe) / 2**30:.1f} GiB of memory."
    )


def _amount(recipe: RlRecipe) -> str:
    """How much there is to learn from; files are read, generators make what is asked for."""
    if recipe.generated:
        return f"{recipe.dialogues} generated tasks"
    from training.environment.sources import read_dialogues

    found = [each for source in recipe.data for each in read_dialogues(source, recipe.dialogues)]
    questions = sum(len(each.questions) for each in found)
    turns = sum(len(each.turns) for each in found)
    return f"{len(found)} dialogues, {turns} turns, {questions} questions"


def _memory(base: Base, recipe: RlRecipe) -> int:
    """Bytes, roughly: weights in bf16, the frozen agents' beside them, logits of a group."""
    shapes = [tensor.shape for tensor in open_source(base).tensors()]
    parameters = sum(math.prod(shape) for shape in shapes)
    vocabulary = max(max(shape) for shape in shapes)
    logits = recipe.group * _MEAN_REPLY * vocabulary * 4
    return _LIBRARIES + 3 * parameters + _LOGIT_COPIES * logits


def _described(recipe: RlRecipe, start: Start) -> dict[str, object]:
    """What a run's folder says about it; two runs that differ in any of this are not the same."""
    adapters = {str(role): str(path) for role, path in sorted(start.frozen.items())}
    return {
        **dataclasses.asdict(recipe),
        "algorithm": algorithm(recipe),
        "role": recipe.agent.role,
        "start": str(start.adapter or ""),
        "frozen": adapters,
    }


def _policy(backend: Backend, base: Base, recipe: RlRecipe, start: Start) -> Policy:
    import torch

    from training.policy import Policy

    model = load_policy_model(backend, base, recipe, start.adapter)
    on_cpu = model.device.type == "cpu"
    if on_cpu:
        torch.set_num_threads(default_threads())  # llama.cpp and other programs want to live, too
    return Policy(
        model,
        base.vocabulary,
        temperature=recipe.temperature,
        share_prefix=on_cpu,
        constrained=recipe.constrained,
        generating=partial(generating, backend, model),
    )


def _fit(policy: Policy, tasks: list[Task], recipe: RlRecipe, run: Run, base: Base) -> bool:
    """Train from the last checkpoint on; whether the last step was reached."""
    from training.progress import MetricsLog, show_training
    from training.rollout import Collector
    from training.session import Session
    from training.trainer import last_checkpoint

    random.Random(recipe.seed).shuffle(tasks)
    held_out, training = tasks[: recipe.held_out], tasks[recipe.held_out :]
    checkpoint = last_checkpoint(run.checkpoints)
    going_on = f", going on from {checkpoint.name}" if checkpoint else ""
    note(f"{len(training)} tasks to train on, {len(held_out)} held out{going_on}.")
    with show_training(f"{algorithm(recipe)} {recipe.agent}", recipe.steps) as show:
        log = MetricsLog(run.metrics, show, lambda: policy.tokens)
        session = Session(policy, Collector(policy, training, recipe), held_out, run, log)
        if checkpoint is None:
            log.validation(0, session.validate)
        return _learn(session, recipe, base)


def _learn(session: Session, recipe: RlRecipe, base: Base) -> bool:
    if isinstance(recipe, GrpoRecipe):
        from training.grpo import train_grpo

        return train_grpo(session, recipe, base.tokenizer)
    if isinstance(recipe, PpoRecipe):
        from training.ppo_run import train_ppo

        return train_ppo(session, recipe)
    raise UsageError(f"{type(recipe).__name__} is no recipe of an algorithm.")


def algorithm(recipe: RlRecipe) -> str:
    """How people call it."""
    return type(recipe).__name__.removesuffix("Recipe").upper()
