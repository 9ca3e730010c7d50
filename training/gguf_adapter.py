"""A GGUF adapter back in PEFT's shape, so that training can go on from what ships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memchat.engine.protocol import Role
from memchat.errors import ModelError
from training.gguf_layout import Layout, field

if TYPE_CHECKING:
    import torch

_A, _B = "lora_a", "lora_b"


@dataclass(frozen=True, slots=True)
class GgufAdapter:
    """What `export_adapter` writes: two factors for each tensor, by GGUF's names."""

    base_name: str
    role: Role
    alpha: int
    tensors: Mapping[str, NDArray[np.float16]]

    @property
    def rank(self) -> int:
        return int(min(next(iter(self.tensors.values())).shape))

    def peft_weights(self, modules: Iterable[str], layout: Layout) -> dict[str, torch.Tensor]:
        """The weights for the `modules` of a PEFT model, by PEFT's names.

        Raises ModelError when one of them is missing.
        """
        import torch

        namer, found = layout.namer(), {}
        for module in modules:
            name = namer(f"{module}.weight")
            if f"{name}.{_A}" not in self.tensors:
                raise ModelError(f"The adapter has nothing for {module}.", "Use another.")
            factors = (
                self.tensors[f"{name}.{_A}"].astype(np.float32),
                layout.restore(name, self.tensors[f"{name}.{_B}"].astype(np.float32)),
            )
            for key, factor in zip(("lora_A", "lora_B"), factors, strict=True):
                found[f"base_model.model.{module}.{key}.weight"] = torch.from_numpy(factor.copy())
        return found


def read_gguf_adapter(path: Path) -> GgufAdapter:
    """Raises ModelError when the file is damaged, or was not exported by memchat."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        return GgufAdapter(
            str(field(reader, "general.base_model.0.name")),
            Role(field(reader, "memchat.role")),
            int(field(reader, "adapter.lora.alpha")),
            {tensor.name: tensor.data for tensor in reader.tensors},
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} is not an adapter that memchat exported: {error}", "Name another file."
        ) from error
