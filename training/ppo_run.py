"""The loop of PPO: collect, learn, record, save. It goes on exactly where it stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import load_peft_weights, set_peft_model_state_dict

from memchat.errors import UsageError
from training.checkpoints import save_checkpoint
from training.ppo import PpoLearner
from training.progress import Interrupt, validation_is_due
from training.reference import Reference
from training.rl_recipe import PpoRecipe
from training.session import Session
from training.trainer import last_checkpoint

_STATE = "state.pt"


def train_ppo(session: Session, recipe: PpoRecipe) -> bool:
    """Train from the last checkpoint on; whether the last step was reached."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError(
            "PPO runs in one process.", "Use GRPO under accelerate launch, or start PPO without it."
        )
    reference = Reference(session.policy) if recipe.kl else None
    return _Loop(session, PpoLearner(session.policy, reference, recipe), recipe).run()


@dataclass(frozen=True, slots=True)
class _Loop:
    session: Session
    learner: PpoLearner
    recipe: PpoRecipe

    def run(self) -> bool:
        session, recipe, step = self.session, self.recipe, self._restore()
        with Interrupt() as interrupt:
            while step < recipe.steps and not interrupt.stopped:
                groups = [session.collector.collect() for _ in range(recipe.groups)]
                learned = self.learner.learn(groups)
                step += 1
                session.log.step(step, session.collector.metrics() | learned)
                if validation_is_due(step, recipe.steps, recipe.validation_steps):
                    session.log.validation(step, session.validate)
                last = step == recipe.steps or interrupt.stopped
                if last or step % recipe.checkpoint_steps == 0:
                    save_checkpoint(session.run.checkpoints, step, self._writer(step))
        return step == recipe.steps

    def _restore(self) -> int:
        """Be as the last checkpoint was; the steps done until then."""
        checkpoint, model = last_checkpoint(self.session.run.checkpoints), self.session.policy.model
        if checkpoint is None:
            torch.manual_seed(self.recipe.seed)
            return 0
        weights = load_peft_weights(str(checkpoint), device=str(model.device))
        set_peft_model_state_dict(model, weights)
        state = torch.load(checkpoint / _STATE, weights_only=True)
        self.learner.restore(state["learner"])
        self.session.collector.curriculum.restore(state["curriculum"])
        torch.set_rng_state(state["random"])
        return int(state["step"])

    def _writer(self, step: int) -> Callable[[Path], None]:
        def write(folder: Path) -> None:
            self.session.policy.model.save_pretrained(str(folder), selected_adapters=["default"])
            state = {
                "step": step,
                "learner": self.learner.state(),
                "curriculum": self.session.collector.curriculum.state(),
                "random": torch.get_rng_state(),
            }
            torch.save(state, folder / _STATE)

        return write
