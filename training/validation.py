"""Validation between the stages of a training: the benchmark harness, with the adapters so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memchat.cli.progress import show_progress
from memchat.config import Settings
from memchat.engine.protocol import ModelSpec, Role
from memchat.errors import UsageError
from memchat.weights.discover import resolve_spec
from training.data.load import Data, load_data
from training.data.locomo import Split
from training.evaluate import Evaluation
from training.evaluation.systems import Adapters, MemoryKind, System
from training.files import write_json
from training.frozen import base_gguf
from training.model import Base


@dataclass(frozen=True, slots=True)
class Validation:
    """Asks the questions of the validation split; results go into `folder`."""

    data: Data
    base: Base
    folder: Path

    def run(self, name: str, adapters: Mapping[Role, Path]) -> dict[str, Any]:
        """What `memchat eval` says of the managed bank with these adapters."""
        spec = ModelSpec(
            model=base_gguf(self.base, self.folder),
            embedder=resolve_spec("").embedder,
            adapters=tuple(adapters.items()),
        )
        system = System(MemoryKind.MANAGED, Adapters(name, spec.adapters), spec)
        with show_progress() as progress:
            (result,) = Evaluation(self.data, Settings(), progress).run([system])
        write_json(self.folder / f"validation-{name}.json", result.report)
        return result.report


def find_validation(sources: Sequence[str], base: Base, folder: Path) -> Validation | None:
    """Of the first source that holds a conversation of the validation split, if one does."""
    for source in sources:
        if source == "locomo" or source.endswith(".json"):
            try:
                data = load_data(source, split=Split.VALIDATION)
            except UsageError:
                continue
            if data.cases:
                return Validation(data, base, folder)
    return None
