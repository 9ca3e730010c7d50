"""llama.cpp's log and its model files. Importing this loads the library."""

from __future__ import annotations

import ctypes
import logging
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp.llama_cpp as cpp

from memchat.errors import ModelError

if TYPE_CHECKING:
    from ctypes import _Pointer

    Adapter = _Pointer[ctypes.c_void_p]
    """A llama_adapter_lora."""

logger = logging.getLogger("memchat.llama")
logger.addHandler(logging.NullHandler())  # without one, warnings would go to the screen

GGUF_MAGIC = b"GGUF"
_LEVELS = {3: logging.WARNING, 4: logging.ERROR}  # ggml_log_level; the rest is chatter
_error_lines: deque[str] = deque(maxlen=20)


def _write_log(level: int, text: bytes, _data: int | None) -> None:
    line = text.decode(errors="replace").strip()
    severity = _LEVELS.get(level, logging.DEBUG)
    if severity == logging.ERROR:
        _error_lines.append(line)
    if line.strip("."):
        logger.log(severity, "%s", line)


# ctypes does not keep a callback alive: the module does.
_log_callback: Any = cpp.llama_log_callback(_write_log)
cpp.llama_log_set(_log_callback, ctypes.c_void_p(None))
cpp.llama_backend_init()


def load_model(path: Path) -> cpp.llama_model_p:
    """The weights, for llama_model_free to free. Raises ModelError when the file is unusable."""
    check_gguf(path, "model")
    _error_lines.clear()
    params = cpp.llama_model_default_params()
    model: cpp.llama_model_p | None = cpp.llama_model_load_from_file(str(path).encode(), params)
    if model is None:
        raise ModelError(
            f"{path} cannot be loaded: {last_error()}.",
            "The file may be cut short or damaged: get it again, or choose another model.",
        )
    return model


def load_adapter(model: cpp.llama_model_p, path: Path) -> Adapter:
    """A LoRA adapter, which the model frees with itself.

    Raises ModelError when the file is damaged or was made for another base model.
    """
    check_gguf(path, "adapter")
    _error_lines.clear()
    adapter: Adapter = cpp.llama_adapter_lora_init(model, str(path).encode())
    if not adapter:
        raise ModelError(
            f"The adapter {path} does not fit this model: {last_error()}.",
            "Use an adapter trained on this base model, or none.",
        )
    return adapter


def check_gguf(path: Path, kind: str) -> None:
    """Raise ModelError unless `path` is a readable file that begins as a GGUF does."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
    except OSError as error:
        raise ModelError(
            f"The {kind} {path} cannot be read: {error.strerror}.", "Check the path."
        ) from error
    if magic != GGUF_MAGIC:
        raise ModelError(f"{path} is not a GGUF file.", f"Give the path of a .gguf {kind}.")


def metadata(model: cpp.llama_model_p, key: str) -> str:
    """A metadata value of the GGUF as text; empty when there is none."""
    length = cpp.llama_model_meta_val_str(model, key.encode(), None, 0)
    if length < 0:
        return ""
    buffer = ctypes.create_string_buffer(length + 1)
    cpp.llama_model_meta_val_str(model, key.encode(), buffer, length + 1)
    return buffer.value.decode(errors="replace")


def last_error() -> str:
    """What llama.cpp said last about a failure, without the name of its C function."""
    lines = [line for line in _error_lines if "failed to load model" not in line] or ["no reason"]
    return lines[-1].split(": ", 1)[-1].rstrip(".")
