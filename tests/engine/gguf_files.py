"""GGUF files made for a test: adapters, and models with something wrong."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

WIDTH = 576
"""Hidden size of the embedded base."""


def write_adapter(
    path: Path, *, architecture: str = "llama", width: int = WIDTH, scale: float = 0.5
) -> Path:
    """A random LoRA of rank 4 on the attention outputs of the first layers."""
    rng = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 4.0)
    for layer in range(4):
        name = f"blk.{layer}.attn_output.weight"
        down = rng.normal(size=(4, width), scale=scale).astype(np.float32)
        up = rng.normal(size=(width, 4), scale=scale).astype(np.float32)
        writer.add_tensor(f"{name}.lora_a", down)
        writer.add_tensor(f"{name}.lora_b", up)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def without_chat_template(model: Path, path: Path) -> Path:
    """A copy whose chat template goes under a key that nothing reads."""
    data = model.read_bytes()
    assert data.count(b"tokenizer.chat_template") == 1
    path.write_bytes(data.replace(b"tokenizer.chat_template", b"tokenizer.chat_templatX"))
    return path


def truncated(model: Path, path: Path, size: int) -> Path:
    """The first `size` bytes."""
    with model.open("rb") as file:
        path.write_bytes(file.read(size))
    return path
