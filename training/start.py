"""What reinforcement learning starts from: a fresh adapter, or one that was trained before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memchat.errors import ModelError
from training.backends import Backend, LoraShape, load_trainable
from training.model import Base
from training.rl_recipe import RlRecipe
from training.runs import Trained

if TYPE_CHECKING:
    from peft import PeftModel

_MAX_TOKENS = 4096
"""Prompt and reply together, for Unsloth, which wants to know."""


def load_policy_model(
    backend: Backend, base: Base, recipe: RlRecipe, start: Path | None
) -> PeftModel:
    """`base` with the adapter of the run in the folder `start`, or with a fresh one.

    Raises ModelError when the adapter was trained on another base or for the other agent.
    """
    if start is None:
        shape = LoraShape(recipe.rank, recipe.alpha, 0.0, recipe.seed, _MAX_TOKENS)
        return load_trainable(backend, base, shape)
    trained = Trained.find(start, role=None)
    _check(trained, base, recipe, start)
    rank, alpha = _shape(trained.adapter)
    model = load_trainable(backend, base, LoraShape(rank, alpha, 0.0, recipe.seed, _MAX_TOKENS))
    _fill(model, trained.adapter, base)
    return model


def _check(trained: Trained, base: Base, recipe: RlRecipe, start: Path) -> None:
    if trained.base.name != base.name:
        raise ModelError(
            f"The adapter in {start} was trained on {trained.base.name}, not on {base.name}.",
            "Start from an adapter of this base, or leave --start out.",
        )
    if trained.role is not recipe.agent.role:
        raise ModelError(
            f"The adapter in {start} is for the {trained.role} role; "
            f"the {recipe.agent} needs one for the {recipe.agent.role} role.",
            "Name the other run.",
        )


def _shape(adapter: Path) -> tuple[int, int]:
    try:
        config = json.loads((adapter / "adapter_config.json").read_bytes())
        return int(config["r"]), int(config["lora_alpha"])
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{adapter} is not a PEFT adapter: {error}") from error


def _fill(model: PeftModel, adapter: Path, base: Base) -> None:
    from peft import load_peft_weights, set_peft_model_state_dict

    try:
        weights = load_peft_weights(str(adapter), device=str(model.device))
        found: Any = set_peft_model_state_dict(model, weights)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"The adapter in {adapter} does not fit {base.name}: {error}",
            "Start from an adapter that was trained on this base.",
        ) from error
    if found.unexpected_keys:
        raise ModelError(
            f"The adapter in {adapter} has layers that {base.name} has not.",
            "Start from an adapter that was trained on this base.",
        )
