"""LoRA adapters: each role has its own, on one set of weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import ModelSpec, Role
from tests.engine.gguf_files import write_adapter
from tests.engine.helpers import ask, say


def test_an_adapter_changes_its_role_and_no_other(
    engine: LlamaEngine, spec: ModelSpec, tmp_path: Path
) -> None:
    adapter = write_adapter(tmp_path / "memory-v1.gguf")
    adapted = LlamaEngine(replace(spec, adapters=((Role.MEMORY, adapter),)))
    plain = say(engine, ask("Tell me about dogs.", max_tokens=12))
    replies = {
        role: say(adapted, ask("Tell me about dogs.", role=role, max_tokens=12)) for role in Role
    }
    status = adapted.status()
    adapted.close()
    assert replies[Role.ANSWER] == plain
    assert replies[Role.MEMORY] != plain
    assert (status.adapter(Role.MEMORY), status.adapter(Role.ANSWER)) == ("memory-v1", "")


def test_an_adapter_of_zeros_changes_nothing(
    engine: LlamaEngine, spec: ModelSpec, tmp_path: Path
) -> None:
    adapter = write_adapter(tmp_path / "zero.gguf", scale=0.0)
    adapted = LlamaEngine(replace(spec, adapters=((Role.ANSWER, adapter),)))
    request = ask("Tell me about dogs.", max_tokens=12)
    assert say(adapted, request) == say(engine, request)
    adapted.close()
