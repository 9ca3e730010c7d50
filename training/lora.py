"""A PEFT adapter's weights, in GGUF's names and layout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memchat.errors import ModelError
from training.gguf_layout import Layout, Weights

if TYPE_CHECKING:
    import torch

_PREFIX, _A, _B = "base_model.model.", ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, slots=True)
class Pair:
    """The two factors of one tensor's update: a is (rank, in), b is (out, rank)."""

    a: Weights
    b: Weights


@dataclass(frozen=True, slots=True)
class Lora:
    """An adapter: the update of tensor `name` is alpha / rank * b @ a."""

    alpha: float
    rank: int
    pairs: Mapping[str, Pair]

    def delta(self, name: str) -> Weights | None:
        """What the adapter adds to the GGUF tensor `name`; None when it leaves it alone."""
        pair = self.pairs.get(name)
        return None if pair is None else self.alpha / self.rank * (pair.b @ pair.a)


NOTHING = Lora(alpha=1.0, rank=1, pairs={})
"""An adapter that changes nothing."""


def read_lora(folder: Path, layout: Layout) -> Lora:
    """The PEFT adapter in `folder`. Raises ModelError when it is damaged or not a plain LoRA."""
    config = _config(folder)
    name = layout.namer()
    pairs = {
        name(f"{module}.weight"): Pair(a, layout.arrange(name(f"{module}.weight"), b))
        for module, a, b in _modules(_tensors(folder), folder)
    }
    return Lora(float(config["lora_alpha"]), int(config["r"]), pairs)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "adapter_config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder} is not a PEFT adapter: {error}",
            "Name the folder that holds adapter_config.json.",
        ) from error
    unusual = ("use_dora", "use_rslora", "modules_to_save", "rank_pattern", "alpha_pattern")
    used = [key for key in unusual if config.get(key)]
    if config.get("peft_type") != "LORA" or used:
        kind = ", ".join(used) or config.get("peft_type")
        raise ModelError(
            f"The adapter in {folder} is no plain LoRA: {kind}.",
            "GGUF adapters hold plain LoRA only: train it without those options.",
        )
    return config


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(folder / "adapter_model.safetensors")
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"The adapter in {folder} is damaged: {error}", "Export from an earlier checkpoint."
        ) from error


def _modules(
    tensors: Mapping[str, torch.Tensor], folder: Path
) -> Iterator[tuple[str, Weights, Weights]]:
    for key in tensors:
        if not key.endswith(_A):
            continue
        module = key.removesuffix(_A)
        if module + _B not in tensors:
            raise ModelError(f"The adapter in {folder} lacks {module + _B}.", "Train it again.")
        a, b = (tensors[module + end].float().numpy() for end in (_A, _B))
        yield module.removeprefix(_PREFIX), a, b
