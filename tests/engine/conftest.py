"""One engine for all tests of this folder: the models are loaded once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import ModelSpec
from memchat.weights.discover import find_model, resolve_spec


@pytest.fixture(scope="session")
def spec() -> ModelSpec:
    """The embedded base model without adapters, with small windows."""
    embedded = resolve_spec("")
    return ModelSpec(
        model=find_model(""),
        embedder=embedded.embedder,
        context_tokens=4096,
        memory_context_tokens=512,
        threads=1,
    )


@pytest.fixture(scope="session")
def engine(spec: ModelSpec) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(spec)
    yield engine
    engine.close()
