"""Checks of llama.cpp and the models."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from memchat import machine
from memchat.config import Settings
from memchat.doctor.findings import Finding, failed, warning
from memchat.sizes import MEGABYTE, size_text

if TYPE_CHECKING:
    from memchat.engine.protocol import Engine

_OVERHEAD = 700 * MEGABYTE
"""Memory beside the weights: the embedding model with torch, and the KV caches."""


def llama_cpp() -> Finding:
    try:
        import llama_cpp as binding
    except (ImportError, OSError, RuntimeError) as error:
        return failed(
            f"cannot be loaded: {error}",
            "Install a C++ compiler, then: "
            "pip install --force-reinstall --no-deps --no-cache-dir llama-cpp-python",
        )
    features = binding.llama_print_system_info().decode(errors="replace")
    enabled = [part.split("=")[0].strip() for part in features.split("|") if "= 1" in part]
    return Finding(f"llama-cpp-python {binding.__version__} ({', '.join(enabled)})")


def files(settings: Settings) -> Finding:
    from memchat.engine.embedder import model_name
    from memchat.weights.discover import resolve_spec

    spec = resolve_spec(settings.model)
    adapters = ", ".join(role.value for role, _ in spec.adapters) or "none"
    size, embedder = size_text(_size(spec.model)), model_name(spec.embedder)
    return Finding(f"{spec.model} ({size}), embeddings: {embedder}, adapters: {adapters}")


def memory(settings: Settings) -> Finding:
    from memchat.weights.discover import resolve_spec

    needed = _size(resolve_spec(settings.model).model) + _OVERHEAD
    free = machine.available_memory()
    if free is None:
        return Finding(f"unknown; about {size_text(needed)} are needed")
    detail = f"{size_text(free)} available, about {size_text(needed)} needed"
    if free < needed:
        return warning(detail, "Close other programs or choose a smaller model.")
    return Finding(detail)


def embedding(engine: Engine) -> Finding:
    started = time.perf_counter()
    dimension = engine.embed(["A sentence."]).shape[1]
    return Finding(
        f"{dimension} dimensions, {time.perf_counter() - started:.1f} s to load and embed"
    )


def generation(engine: Engine) -> Finding:
    from memchat.engine.protocol import ChatMessage, Finished, GenerateRequest, Role

    started = time.perf_counter()
    request = GenerateRequest(Role.ANSWER, (ChatMessage("user", "Say hello."),), max_tokens=1)
    finished = [event for event in engine.generate(request) if isinstance(event, Finished)]
    if not finished or finished[0].completion_tokens < 1:
        return failed("the model says nothing", "Try another model with --model.")
    name = engine.status().model_name
    return Finding(
        f"{name}: first token after {time.perf_counter() - started:.1f} s, loading included"
    )


def _size(path: Path) -> int:
    return path.stat().st_size
