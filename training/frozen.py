"""The agents that stay as they are while another one learns, run by llama.cpp."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from memchat import paths
from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import Engine, ModelSpec, Role
from memchat.weights.discover import resolve_spec
from memchat.weights.files import sha256_of
from training.environment.engines import RememberingEngine
from training.export import Quantisation, export_base
from training.model import Base


@contextmanager
def frozen_agents(base: Base, adapters: Mapping[Role, Path], folder: Path) -> Iterator[Engine]:
    """An engine with `base` and GGUF adapters, that never works out the same thing twice."""
    spec = ModelSpec(
        model=base_gguf(base, folder),
        embedder=resolve_spec("").embedder,
        adapters=tuple(adapters.items()),
    )
    store = paths.cache_dir() / "environment.db"
    engine = RememberingEngine(LlamaEngine(spec), store, _name(spec))
    try:
        yield engine
    finally:
        engine.close()


def base_gguf(base: Base, folder: Path) -> Path:
    """The GGUF of `base`, exported into `folder` if it has none."""
    if base.gguf:
        return base.gguf
    path = folder / f"{base.name}.q8_0.gguf"
    return path if path.is_file() else export_base(base, path, Quantisation.Q8_0)


def _name(spec: ModelSpec) -> str:
    """A hash of all weights; what they are asked says the rest."""
    files = [spec.model, *(path for _, path in spec.adapters)]
    parts = [*map(sha256_of, files), *(role for role, _ in spec.adapters), spec.embedder.name]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
