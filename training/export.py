"""Trained weights into GGUF files that llama.cpp loads: LoRA adapters, and merged models."""

from __future__ import annotations

import ctypes
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memchat.agents.prompts import PROMPT_VERSION
from memchat.engine.protocol import Role
from memchat.errors import ModelError
from memchat.weights.files import sha256_of
from training.files import replacing
from training.gguf_source import Tensor, TensorSource, open_source
from training.lora import NOTHING, Lora, read_lora
from training.model import Base

if TYPE_CHECKING:
    from gguf import GGUFWriter


class Quantisation(StrEnum):
    """How the weights of a merged model are stored."""

    F16 = "f16"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"
    Q4_K_M = "q4_k_m"


K_QUANT_WIDTH = 256
"""K-quants pack this many weights of a row at once."""


def export_adapter(folder: Path, base: Base, out: Path, role: Role) -> Path:
    """Write the PEFT adapter in `folder`, trained on `base` for `role`, as a GGUF LoRA.

    The file names its base and carries its checksum and the version of the prompts it was
    trained with. Raises ModelError when the adapter cannot be exported.
    """
    import gguf

    source = open_source(base)
    lora = read_lora(folder, source.layout)
    with replacing(out) as temporary:
        writer = gguf.GGUFWriter(temporary, source.layout.architecture)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_name(f"{base.name} {role}")
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, base.name)
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", lora.alpha)
        writer.add_string("memchat.role", role)
        writer.add_string("memchat.prompt_version", PROMPT_VERSION)
        if base.gguf:
            writer.add_string("memchat.base_sha256", sha256_of(base.gguf))
        for name, pair in lora.pairs.items():
            writer.add_tensor(f"{name}.lora_a", pair.a.astype(np.float16))
            writer.add_tensor(f"{name}.lora_b", pair.b.astype(np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return out


def export_merged(folder: Path, base: Base, out: Path, quantisation: Quantisation) -> Path:
    """Write `base` with the PEFT adapter in `folder` worked into its weights, as one GGUF.

    Raises ModelError when it cannot be exported, or not in this quantisation.
    """
    source = open_source(base)
    return _export(source, read_lora(folder, source.layout), base, out, quantisation)


def export_base(base: Base, out: Path, quantisation: Quantisation) -> Path:
    """Write `base` as it is, as one GGUF. Raises as `export_merged` does."""
    return _export(open_source(base), NOTHING, base, out, quantisation)


def _export(
    source: TensorSource, lora: Lora, base: Base, out: Path, quantisation: Quantisation
) -> Path:
    if quantisation is Quantisation.Q4_K_M:
        _check_widths(source, base)
    if quantisation is Quantisation.F16:
        with replacing(out) as temporary:
            _write_f16(source, lora, temporary)
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        full = Path(scratch) / "f16.gguf"
        _write_f16(source, lora, full)
        quantise(full, out, quantisation)
    return out


def quantise(full: Path, out: Path, quantisation: Quantisation) -> None:
    """Quantise the f16 GGUF `full` into `out`. Raises ModelError when llama.cpp refuses."""
    import llama_cpp.llama_cpp as cpp

    from memchat.engine.native import last_error

    params = cpp.llama_model_quantize_default_params()
    params.ftype = getattr(cpp, f"LLAMA_FTYPE_MOSTLY_{quantisation.upper()}")
    with replacing(out) as temporary:
        paths = (str(full).encode(), str(temporary).encode())
        if cpp.llama_model_quantize(*paths, ctypes.byref(params)):
            raise ModelError(
                f"llama.cpp could not quantise the model to {quantisation}: {last_error()}.",
                "Choose f16 or q8_0.",
            )


def _write_f16(source: TensorSource, lora: Lora, path: Path) -> None:
    """Matrices as f16, the rest as f32; one tensor in memory at a time."""
    import gguf

    writer = gguf.GGUFWriter(path, source.layout.architecture)
    source.write_metadata(writer)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    tensors = list(source.tensors())
    for tensor in tensors:
        dtype = _dtype(tensor)
        size = int(np.prod(tensor.shape)) * dtype.itemsize
        writer.add_tensor_info(tensor.name, tensor.shape, dtype, size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in tensors:
        _write_merged(writer, tensor, lora)
    writer.close()


def _write_merged(writer: GGUFWriter, tensor: Tensor, lora: Lora) -> None:
    weights, delta = tensor.load(), lora.delta(tensor.name)
    merged = weights if delta is None else weights + delta
    writer.write_tensor_data(np.ascontiguousarray(merged, dtype=_dtype(tensor)))


def _dtype(tensor: Tensor) -> np.dtype[np.floating]:
    return np.dtype(np.float16 if len(tensor.shape) == 2 else np.float32)


def _check_widths(source: TensorSource, base: Base) -> None:
    widths = {tensor.shape[-1] for tensor in source.tensors() if len(tensor.shape) == 2}
    odd = sorted(width for width in widths if width % K_QUANT_WIDTH)
    if odd:
        raise ModelError(
            f"{base.name} cannot be stored as q4_k_m: its rows are {odd[0]} wide, "
            f"not a multiple of {K_QUANT_WIDTH}.",
            "Choose q4_0 or q8_0.",
        )
