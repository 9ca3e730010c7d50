"""What is compared: a way of remembering, with or without adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from pathlib import Path

from memchat.bank.bank import Bank
from memchat.bank.types import Hit
from memchat.config import Settings
from memchat.engine.protocol import ModelSpec, Role, Vector
from memchat.errors import UsageError
from memchat.weights.discover import resolve_spec


class MemoryKind(StrEnum):
    """Where the notes for an answer come from."""

    MANAGED = "managed"
    """The Memory Manager's bank, with the raw turns beside it: what the chat does."""
    ADD_ONLY = "add-only"
    """Every extracted fact is added; nothing is updated or deleted."""
    RAW_TURNS = "raw-turns"
    """Retrieval over the turns as they were said; no facts."""
    FULL_CONTEXT = "full-context"
    """The whole conversation in the prompt, or the latest part that fits."""
    NONE = "none"

    @property
    def extracts(self) -> bool:
        return self in (MemoryKind.MANAGED, MemoryKind.ADD_ONLY)


@dataclass(frozen=True, slots=True)
class Adapters:
    """A set of adapters under the name it was asked for by."""

    name: str
    files: tuple[tuple[Role, Path], ...]


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table."""

    memory: MemoryKind
    adapters: Adapters
    spec: ModelSpec

    @property
    def label(self) -> str:
        return f"{self.memory}, {self.adapters.name}"


class AddOnlyBank(Bank):
    """Shows the manager no related memories: the only operation left is ADD."""

    def related(self, text: str, vector: Vector | None, *, limit: int = 6) -> list[Hit]:
        """None, ever."""
        return []


def bank_type(memory: MemoryKind) -> type[Bank]:
    return AddOnlyBank if memory is MemoryKind.ADD_ONLY else Bank


def make_systems(
    memories: Sequence[MemoryKind], adapters: Sequence[str], settings: Settings
) -> list[System]:
    """Every way of remembering with every set of adapters.

    A set is `none`, `sft` (those that ship for the base model), or folders that hold memory.gguf
    or answer.gguf, joined by `+`. Raises UsageError for a folder that holds neither, ModelError
    when the model is missing. Without any name it is what the chat would load.
    """
    spec = resolve_spec(
        settings.model,
        threads=settings.threads,
        context_tokens=settings.context_tokens,
        memory_context_tokens=settings.memory_context_tokens,
    )
    names = adapters or (["sft"] if spec.adapters else ["none"])
    sets = [_find_adapters(name, spec) for name in names]
    return [
        System(memory, chosen, replace(spec, adapters=chosen.files))
        for chosen, memory in product(sets, memories)
    ]


def _find_adapters(name: str, spec: ModelSpec) -> Adapters:
    if name == "none":
        return Adapters(name, ())
    if name == "sft":
        if not spec.adapters:
            hint = "Train some, and name their folder: --adapters runs/sft-memory+runs/sft-answer"
            raise UsageError(f"No adapters ship for {spec.model.name}.", hint)
        return Adapters(name, spec.adapters)
    files = tuple(found for folder in name.split("+") for found in _in_folder(Path(folder)))
    return Adapters(name, files)


def _in_folder(folder: Path) -> list[tuple[Role, Path]]:
    found = [(role, folder / f"{role}.gguf") for role in (Role.MEMORY, Role.ANSWER)]
    found = [(role, path) for role, path in found if path.is_file()]
    if not found:
        raise UsageError(
            f"{folder} holds neither memory.gguf nor answer.gguf.",
            "Name none, sft, or folders with adapters, joined by +.",
        )
    return found
