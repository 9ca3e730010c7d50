"""The folder that a training run lives in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memchat.engine.protocol import Role
from memchat.errors import UsageError
from training.files import write_json
from training.model import Base, find_base


@dataclass(frozen=True, slots=True)
class Run:
    """A folder with the recipe as it was used, metrics, checkpoints, and in the end the adapter."""

    folder: Path

    @property
    def recipe(self) -> Path:
        return self.folder / "recipe.json"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.folder / "adapter"

    def begin(self, recipe: Mapping[str, Any], *, resume: bool) -> None:
        """Claim the folder. Raises UsageError when it holds another run, or this one's result."""
        values = json.loads(json.dumps(dict(recipe)))
        if not self.recipe.exists():
            write_json(self.recipe, values)
        elif not resume:
            raise UsageError(
                f"{self.folder} holds a run already.", "Add --resume to go on, or choose --out."
            )
        elif json.loads(self.recipe.read_bytes()) != values:
            raise UsageError(
                f"{self.folder} was begun with another recipe.",
                f"Compare {self.recipe}, or choose another --out.",
            )

    def save_adapter(self, save: Callable[[str], None]) -> None:
        """Let `save` write the adapter into a folder that becomes the run's when it is whole."""
        partial = self.folder / ".adapter.partial"
        shutil.rmtree(partial, ignore_errors=True)
        save(str(partial))
        shutil.rmtree(self.adapter, ignore_errors=True)
        partial.rename(self.adapter)


@dataclass(frozen=True, slots=True)
class Trained:
    """A PEFT adapter with what it was trained on and for."""

    adapter: Path
    base: Base
    role: Role

    @classmethod
    def find(cls, folder: Path, base: str | None = None, role: Role | None = None) -> Trained:
        """The adapter in `folder`, or in the run that `folder` is; the run knows base and role.

        Raises UsageError when the role is not known, ModelError when the base is missing.
        """
        run = Run(folder)
        adapter = run.adapter if run.adapter.is_dir() else folder
        recipe = json.loads(run.recipe.read_bytes()) if run.recipe.is_file() else {}
        found = role or recipe.get("role")
        if found is None:
            raise UsageError(
                f"{folder} does not say which agent its adapter is for.",
                "Add --role memory or --role answer.",
            )
        return cls(adapter, find_base(base or recipe.get("base", "")), Role(found))
