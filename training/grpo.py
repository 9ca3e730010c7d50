"""Group-relative policy optimisation (Shao et al. 2024, arXiv 2402.03300), by TRL's GRPOTrainer.

TRL brings the advantages, the clipped objective, the penalty for leaving the reference, the
optimiser and the checkpoints. Ours are the rollouts, sampled under the runtime's grammars in an
environment that says what came of them, and their log-probabilities in the same distribution.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import load_peft_weights, set_peft_model_state_dict
from torch.nn.functional import pad
from transformers import PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from training.backends import compute_in_bf16
from training.checkpoints import saving
from training.policy import Policy, Rollout
from training.progress import Metrics, Recorder, StopOnInterrupt
from training.rl_recipe import GrpoRecipe
from training.rollout import Collector
from training.session import Session
from training.trainer import COMPLETE, last_checkpoint

_CURRICULUM = "curriculum.json"
_MOST_PROCESSES = 64

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # rollout_func is; TRL is pinned


class OutcomeTrainer(GRPOTrainer):
    """GRPO on groups that a Collector brings."""

    def __init__(self, policy: Policy, collector: Collector, **options: Any) -> None:
        self.policy, self.collector = policy, collector
        self._grammars: dict[tuple[int, ...], str | None] = {}
        super().__init__(
            model=policy.model, reward_funcs=[_earned], rollout_func=self._roll_out, **options
        )
        self.remove_callback(PrinterCallback)
        compute_in_bf16(policy.model)  # the reference that TRL has just added, too

    def create_model_card(self, *_names: Any, **_more: Any) -> None:
        """No card for a checkpoint."""

    def restore(self, checkpoint: Path) -> None:
        """The collector's part of a checkpoint; TRL brings back the rest."""
        state = json.loads((checkpoint / _CURRICULUM).read_bytes())
        self.collector.curriculum.restore(state)

    def _roll_out(self, prompts: Sequence[str], _trainer: GRPOTrainer) -> dict[str, Any]:
        """A group for each run of equal prompts, which only hold its place in the batch."""
        groups = [self.collector.collect() for _ in prompts[:: self.collector.size]]
        rollouts = [rollout for group in groups for rollout in group.rollouts]
        self._grammars = {rollout.prompt: rollout.grammar for rollout in rollouts}
        return {
            "prompt_ids": [list(rollout.prompt) for rollout in rollouts],
            "completion_ids": [list(rollout.completion) for rollout in rollouts],
            "logprobs": None,
            "earned": [reward for group in groups for reward in group.rewards],
        }

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        **_: Any,
    ) -> tuple[torch.Tensor, torch.Tensor, None]:
        """As TRL's, of shape (rollouts, logits_to_keep), in the distribution sampled from."""
        rows = zip(input_ids, attention_mask.bool(), strict=True)
        rollouts = [self._rollout(ids, mask, logits_to_keep) for ids, mask in rows]
        with self.accelerator.autocast():
            scores = self.policy.score(rollouts, model)
        missing = (0, logits_to_keep - scores.mask.shape[1])
        return pad(scores.log_probs, missing), pad(scores.entropies, missing), None

    def _rollout(self, ids: torch.Tensor, mask: torch.Tensor, completion: int) -> Rollout:
        """What a padded row holds: the prompt on the left, the completion on the right."""
        prompt = tuple(ids[:-completion][mask[:-completion]].tolist())
        tokens = tuple(ids[-completion:][mask[-completion:]].tolist())
        return Rollout(prompt, tokens, self._grammars[prompt], text="", truncated=False)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Transformers finds the reference beside the adapter, and loads that alone."""
        weights = load_peft_weights(resume_from_checkpoint, device=str(self.policy.model.device))
        set_peft_model_state_dict(self.policy.model, weights)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = Path(str(self.args.output_dir))
        with saving(folder):
            super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call]
            checkpoint = folder / f"checkpoint-{self.state.global_step}"
            state = json.dumps(self.collector.curriculum.state())
            (checkpoint / _CURRICULUM).write_text(state, encoding="utf-8")
            (checkpoint / COMPLETE).touch()


def _earned(earned: list[float], **_: Any) -> list[float | None]:
    """The rewards, which came with the rollouts."""
    return [*earned]


class OutcomeRecorder(Recorder):
    """Keeps what TRL logs of the objective, and the collector's view of the rewards.

    TRL would give the mean reward of the groups that were kept; those were chosen for their
    spread.
    """

    keys = ("kl", "entropy", "loss", "grad_norm", "learning_rate", "clip_ratio/region_mean")

    def __init__(self, session: Session, validation_steps: int) -> None:
        super().__init__(session.log, session.validate, validation_steps)
        self._collector = session.collector

    def metrics(self, logs: Mapping[str, Any]) -> Metrics:
        return self._collector.metrics() | super().metrics(logs)


def train_grpo(session: Session, recipe: GrpoRecipe, tokenizer: Any) -> bool:
    """Train from the last checkpoint on; whether the last step was reached."""
    trainer = make_trainer(session, recipe, tokenizer)
    checkpoint = last_checkpoint(session.run.checkpoints)
    if checkpoint:
        trainer.restore(checkpoint)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return bool(trainer.state.global_step >= recipe.steps)


def make_trainer(session: Session, recipe: GrpoRecipe, tokenizer: Any) -> OutcomeTrainer:
    """A trainer that is silent but for its callbacks. One micro-batch is one group."""
    on_cpu = session.policy.model.device.type == "cpu"
    config = GRPOConfig(
        output_dir=str(session.run.checkpoints),
        max_steps=recipe.steps,
        per_device_train_batch_size=recipe.group,
        gradient_accumulation_steps=recipe.groups,
        steps_per_generation=1,  # rollouts are made when they are used
        num_generations=recipe.group,
        beta=recipe.kl,
        epsilon=recipe.clip,
        temperature=recipe.temperature,
        scale_rewards="group" if recipe.scale_rewards else "none",
        loss_type="grpo",  # a mean over each reply, so that a short one counts as much
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_gradient_norm,
        logging_steps=1,
        save_steps=recipe.checkpoint_steps,
        save_total_limit=2,
        seed=recipe.seed,
        bf16=not on_cpu,  # on a CPU the weights are bf16 already
        use_cpu=on_cpu,
        gradient_checkpointing=False,
        dataloader_pin_memory=not on_cpu,
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
    )
    places = [str(place) for place in range(_MOST_PROCESSES)]
    return OutcomeTrainer(
        session.policy,
        session.collector,
        args=config,
        train_dataset=Dataset.from_dict({"prompt": places}),
        processing_class=tokenizer,
        callbacks=[OutcomeRecorder(session, recipe.validation_steps), StopOnInterrupt()],
    )
