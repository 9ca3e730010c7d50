"""How llama.cpp names and lays out the weights that Transformers holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memchat.errors import ModelError

if TYPE_CHECKING:
    from gguf import GGUFReader

Weights = NDArray[np.float32]

ARCHITECTURES = ("llama", "qwen2", "qwen3")
"""Model families that can be exported; the same names in Transformers and in GGUF."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the names and the layout of a model's tensors depend on."""

    architecture: str
    blocks: int
    heads: int
    key_value_heads: int

    def namer(self) -> Callable[[str], str]:
        """A function from Transformers' names to GGUF's.

        Suffixes are kept; the function raises ModelError for a tensor that GGUF has no name for.
        """
        import gguf

        architecture = next(
            key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == self.architecture
        )
        names = gguf.get_tensor_name_map(architecture, self.blocks)

        def name(transformers_name: str) -> str:
            found: str | None = names.get_name(transformers_name, try_suffixes=(".weight", ".bias"))
            if found is None:
                raise ModelError(
                    f"GGUF has no place for the tensor {transformers_name}.",
                    f"Only the families {', '.join(ARCHITECTURES)} can be exported.",
                )
            return found

        return name

    def arrange(self, name: str, weights: Weights) -> Weights:
        """`weights` of the GGUF tensor `name`, shape (out, ...), in GGUF's row order.

        llama.cpp rotates neighbouring pairs of the Llama family's queries and keys, Transformers
        the two halves of a head: the rows of each head are interleaved.
        """
        heads = self._rotated_heads(name)
        if not heads:
            return weights
        halves = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
        return halves.swapaxes(1, 2).reshape(weights.shape)

    def restore(self, name: str, weights: Weights) -> Weights:
        """The inverse of `arrange`."""
        heads = self._rotated_heads(name)
        if not heads:
            return weights
        pairs = weights.reshape(heads, weights.shape[0] // heads // 2, 2, *weights.shape[1:])
        return pairs.swapaxes(1, 2).reshape(weights.shape)

    def _rotated_heads(self, name: str) -> int:
        """Heads in a tensor whose rows the two lay out differently; 0 for any other."""
        if self.architecture != "llama":
            return 0
        by_name = {".attn_q.": self.heads, ".attn_k.": self.key_value_heads}
        return next((heads for part, heads in by_name.items() if part in name), 0)


def gguf_layout(reader: GGUFReader) -> Layout:
    """The layout of a GGUF model. Raises ModelError for a family that is not supported."""
    architecture = field(reader, "general.architecture")
    return Layout(
        supported(str(architecture)),
        blocks=field(reader, f"{architecture}.block_count"),
        heads=field(reader, f"{architecture}.attention.head_count"),
        key_value_heads=field(reader, f"{architecture}.attention.head_count_kv"),
    )


def transformers_layout(config: Any) -> Layout:
    """The layout of a Transformers model. Raises ModelError for a family that is not supported."""
    return Layout(
        supported(config.model_type),
        blocks=config.num_hidden_layers,
        heads=config.num_attention_heads,
        key_value_heads=config.num_key_value_heads,
    )


def supported(architecture: str) -> str:
    if architecture not in ARCHITECTURES:
        raise ModelError(
            f"Models of the family {architecture!r} cannot be exported.",
            f"Use a base of one of these: {', '.join(ARCHITECTURES)}.",
        )
    return architecture


def field(reader: GGUFReader, key: str) -> Any:
    """A metadata value. Raises ModelError when the file has none."""
    found = reader.fields.get(key)
    if found is None:
        raise ModelError(f"The GGUF file has no {key}.", "Get it again, or choose another.")
    return found.contents()
