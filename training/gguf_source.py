"""The base model's tensors and metadata, from a GGUF file or from Transformers' format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from memchat.errors import ModelError
from training.gguf_layout import Layout, Weights, gguf_layout, transformers_layout
from training.gguf_tokenizer import write_tokenizer
from training.model import Base

if TYPE_CHECKING:
    from gguf import GGUFWriter


class Tensor(NamedTuple):
    """A tensor in GGUF's name and layout; `load` reads it, de-quantised."""

    name: str
    shape: tuple[int, ...]
    load: Callable[[], Weights]


class TensorSource(Protocol):
    """A base model, as the export needs it."""

    layout: Layout

    def write_metadata(self, writer: GGUFWriter) -> None:
        """Add hyperparameters, tokenizer and chat template."""
        ...

    def tensors(self) -> Iterator[Tensor]: ...


def open_source(base: Base) -> TensorSource:
    """Raises ModelError when the files are damaged or the family is not supported."""
    return GgufSource(base.gguf) if base.gguf else TransformersSource(base)


class GgufSource:
    """A GGUF model: its metadata is copied as it is."""

    _OWN = ("GGUF.", "general.architecture", "general.file_type", "general.quantization_version")

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        try:
            self._reader = GGUFReader(path)
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} is not a GGUF model: {error}", "Choose another.") from error
        self.layout = gguf_layout(self._reader)

    def write_metadata(self, writer: GGUFWriter) -> None:
        import gguf

        for key, entry in self._reader.fields.items():
            if key.startswith(self._OWN):
                continue
            is_array = entry.types[0] is gguf.GGUFValueType.ARRAY
            inner = entry.types[-1] if is_array else None
            writer.add_key_value(key, entry.contents(), entry.types[0], inner)

    def tensors(self) -> Iterator[Tensor]:
        for tensor in self._reader.tensors:
            shape = tuple(int(size) for size in reversed(tensor.shape))
            yield Tensor(tensor.name, shape, _dequantiser(tensor, shape))


def _dequantiser(tensor: Any, shape: tuple[int, ...]) -> Callable[[], Weights]:
    from gguf.quants import dequantize

    def load() -> Weights:
        values: Weights = dequantize(tensor.data, tensor.tensor_type)
        return values.reshape(shape)

    return load


class TransformersSource:
    """A model in Transformers' format, in a folder or on the hub."""

    def __init__(self, base: Base) -> None:
        from transformers import AutoConfig

        self._base = base
        self._folder = _snapshot(base)
        try:
            self._config: Any = AutoConfig.from_pretrained(self._folder)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{base.source} has no usable config: {error}", "") from error
        self.layout = transformers_layout(self._config)

    def write_metadata(self, writer: GGUFWriter) -> None:
        config = self._config
        head_size = _head_size(config)
        writer.add_name(self._base.name)
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_key_length(head_size)
        writer.add_value_length(head_size)
        writer.add_rope_dimension_count(head_size)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_vocab_size(config.vocab_size)
        write_tokenizer(writer, self._base, config.vocab_size)

    def tensors(self) -> Iterator[Tensor]:
        name = self.layout.namer()
        for file in sorted(self._folder.glob("*.safetensors")):
            yield from self._file_tensors(file, name)
        yield from _rope_factors(self._config)

    def _file_tensors(self, file: Path, name: Callable[[str], str]) -> Iterator[Tensor]:
        from safetensors import safe_open

        with safe_open(file, framework="pt") as tensors:
            for key in tensors.keys():  # noqa: SIM118 (not a dict)
                if key == "lm_head.weight" and self._config.tie_word_embeddings:
                    continue
                shape = tuple(tensors.get_slice(key).get_shape())
                yield Tensor(name(key), shape, self._loader(file, key, name(key)))

    def _loader(self, file: Path, key: str, name: str) -> Callable[[], Weights]:
        from safetensors import safe_open

        def load() -> Weights:
            with safe_open(file, framework="pt") as tensors:
                weights: Weights = tensors.get_tensor(key).float().numpy()
            return self.layout.arrange(name, weights)

        return load


def _snapshot(base: Base) -> Path:
    folder = Path(base.source)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(base.source, allow_patterns=["*.json", "*.safetensors", "*.jinja"])
    )


def _head_size(config: Any) -> int:
    size = getattr(config, "head_dim", None)
    return int(size or config.hidden_size // config.num_attention_heads)


def _rope_factors(config: Any) -> Iterator[Tensor]:
    """Llama 3 divides the slow rotations; GGUF holds the divisors as a tensor of its own."""
    rope = config.rope_parameters
    if rope["rope_type"] == "default":
        return
    if rope["rope_type"] != "llama3":
        raise ModelError(
            f"Rotary embeddings scaled by {rope['rope_type']!r} cannot be exported.",
            "Use a base without rope scaling, or a GGUF of this one.",
        )
    size = _head_size(config)
    wavelengths = 2 * np.pi * rope["rope_theta"] ** (np.arange(0, size, 2) / size)
    turns = rope["original_max_position_embeddings"] / wavelengths
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    divisors = (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)
    yield Tensor("rope_freqs.weight", divisors.shape, lambda: divisors)
