"""From nothing to weights that memchat chats with: the stages of a training, one after another.

SFT warms both agents up; then one of them learns from outcomes while the other stays as it is,
which is how Memory-R1 does it (arXiv 2508.19828). Each stage is a run in a folder of its own. A
pipeline that stopped goes on with the stage that was under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from memchat.cli.output import note
from memchat.engine.protocol import Role
from training import rl, sft
from training.backends import Backend
from training.model import find_base
from training.recipe import SftRecipe
from training.register import register
from training.report import Report
from training.rl_recipe import RlRecipe
from training.runs import Run
from training.validation import Validation

Recipe = SftRecipe | RlRecipe


@dataclass(frozen=True, slots=True)
class Stage:
    """One agent's training; `name` is that of its folder."""

    name: str
    recipe: Recipe

    @property
    def role(self) -> Role:
        return self.recipe.agent.role if isinstance(self.recipe, RlRecipe) else self.recipe.role

    def describe(self) -> str:
        if isinstance(self.recipe, RlRecipe):
            return rl.describe(self.recipe)
        return sft.describe(self.recipe)


@dataclass(slots=True)
class Pipeline:
    """Stages in the folder `out`. `adapters` holds what each role has so far: a run, or a GGUF."""

    out: Path
    stages: Sequence[Stage]
    backend: Backend = Backend.AUTO
    adapters: dict[Role, Path] = field(default_factory=dict)
    validation: Validation | None = None

    def run(self, *, resume: bool) -> bool:
        """Train what is not trained yet; whether all of it is done.

        False when it was interrupted: with `resume` it goes on. Raises MemchatError.
        """
        report = Report(self.out)
        self._validate("start", report)
        for stage in self.stages:
            gguf = self._train(stage, resume=resume)
            if gguf is None:
                return False
            self.adapters[stage.role] = gguf.parent
            report.add_stage(stage.name, Run(gguf.parent))
            self._validate(stage.name, report)
        report.write()
        return True

    def _train(self, stage: Stage, *, resume: bool) -> Path | None:
        folder = self.out / stage.name
        done = folder / f"{stage.role}.gguf"
        if resume and done.is_file():
            note(f"{stage.name} is done.")
            return done
        resume = resume and folder.exists()
        if isinstance(stage.recipe, SftRecipe):
            return sft.train(stage.recipe, folder, backend=self.backend, resume=resume)
        start = rl.Start(self.adapters.get(stage.role), self.frozen())
        return rl.train(stage.recipe, folder, start, backend=self.backend, resume=resume)

    def register(self, name: str) -> Path:
        """Make base and adapters a model of memchat's; the path of its file."""
        base = find_base(self.stages[-1].recipe.base)
        return register(name, base, self.frozen())

    def frozen(self) -> Mapping[Role, Path]:
        """The GGUF files of all agents as they are."""
        return {role: gguf_of(path, role) for role, path in self.adapters.items()}

    def _validate(self, name: str, report: Report) -> None:
        if self.validation is not None:
            report.add_validation(name, self.validation.run(name, self.frozen()))


def gguf_of(path: Path, role: Role) -> Path:
    """The GGUF of an adapter that is one, or of the run that made it."""
    return path if path.suffix == ".gguf" else path / f"{role}.gguf"
