"""What reinforcement learning starts from: a fresh adapter, or one that was trained before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memchat.engine.protocol import Role
from memchat.errors import ModelError
from training.backends import Backend, LoraShape, load_trainable
from training.gguf_adapter import read_gguf_adapter
from training.gguf_source import open_source
from training.model import Base
from training.rl_recipe import RlRecipe
from training.runs import Trained

if TYPE_CHECKING:
    import torch
    from peft import PeftModel

    Weights = dict[str, torch.Tensor]

_MAX_TOKENS = 4096
"""Prompt and reply together, for Unsloth, which wants to know."""


@dataclass(frozen=True, slots=True)
class Given:
    """An adapter to start from; `weights` reads it for a model of the same shape."""

    base_name: str
    role: Role
    rank: int
    alpha: int
    weights: Callable[[PeftModel], Weights]


def load_policy_model(
    backend: Backend, base: Base, recipe: RlRecipe, start: Path | None
) -> PeftModel:
    """`base` with the adapter at `start` (a run's folder, or a GGUF), or with a fresh one.

    Raises ModelError when the adapter was trained on another base or for the other agent.
    """
    if start is None:
        shape = LoraShape(recipe.rank, recipe.alpha, 0.0, recipe.seed, _MAX_TOKENS)
        return load_trainable(backend, base, shape)
    given = _from_gguf(start, base) if start.suffix == ".gguf" else _from_run(start)
    _check(given, base, recipe, start)
    shape = LoraShape(given.rank, given.alpha, 0.0, recipe.seed, _MAX_TOKENS)
    model = load_trainable(backend, base, shape)
    _fill(model, given, base, start)
    return model


def _from_run(folder: Path) -> Given:
    from peft import load_peft_weights

    trained = Trained.find(folder)
    try:
        config = json.loads((trained.adapter / "adapter_config.json").read_bytes())
        rank, alpha = int(config["r"]), int(config["lora_alpha"])
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{trained.adapter} is not a PEFT adapter: {error}") from error

    def weights(model: PeftModel) -> Weights:
        found: Weights = load_peft_weights(str(trained.adapter), device=str(model.device))
        return found

    return Given(trained.base.name, trained.role, rank, alpha, weights)


def _from_gguf(path: Path, base: Base) -> Given:
    adapter = read_gguf_adapter(path)

    def weights(model: PeftModel) -> Weights:
        return adapter.peft_weights(_adapted(model), open_source(base).layout)

    return Given(adapter.base_name, adapter.role, adapter.rank, adapter.alpha, weights)


def _adapted(model: PeftModel) -> Iterator[str]:
    """The names of the modules that have an adapter."""
    end = ".lora_A.default.weight"
    for name, _parameter in model.named_parameters():
        if name.endswith(end):
            yield name.removesuffix(end).removeprefix("base_model.model.")


def _check(given: Given, base: Base, recipe: RlRecipe, start: Path) -> None:
    if given.base_name != base.name:
        raise ModelError(
            f"The adapter in {start} was trained on {given.base_name}, not on {base.name}.",
            "Start from an adapter of this base.",
        )
    if given.role is not recipe.agent.role:
        raise ModelError(
            f"The adapter in {start} is for the {given.role} role; "
            f"the {recipe.agent} needs one for the {recipe.agent.role} role.",
            "Name the other one.",
        )


def _fill(model: PeftModel, given: Given, base: Base, start: Path) -> None:
    from peft import set_peft_model_state_dict

    try:
        found: Any = set_peft_model_state_dict(model, given.weights(model))
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"The adapter in {start} does not fit {base.name}: {error}",
            "Start from an adapter that was trained on this base.",
        ) from error
    if found.unexpected_keys:
        raise ModelError(
            f"The adapter in {start} has layers that {base.name} has not.",
            "Start from an adapter that was trained on this base.",
        )
