"""Proximal policy optimisation: the objective, the critic, and a step of learning.

Schulman et al. 2017 (arXiv 1707.06347), on tokens: the reward comes with the last one, and a
penalty for leaving the reference policy with each (Ziegler et al. 2019, arXiv 1909.08593).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_
from transformers import get_scheduler

from training.advantages import generalised, moments
from training.policy import Policy, Rollout, Scores
from training.reference import Reference
from training.rewards import mean
from training.rl_recipe import PpoRecipe
from training.rollout import Group

_LEAST_SPREAD = 0.1
"""Rewards are of the order of 1. When all earn the same, what is left of the advantages is the
critic's error, and must not be blown up to a spread of 1."""


def clipped_objective(
    log_probs: torch.Tensor,
    old_log_probs: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor,
    clip: float,
) -> torch.Tensor:
    """The loss `-mean(min(ratio * A, clip(ratio) * A))` over the masked tokens, a scalar."""
    ratio = (log_probs - old_log_probs).exp()
    bounded = ratio.clamp(1 - clip, 1 + clip)
    gain = torch.minimum(ratio * advantages, bounded * advantages)
    return -(gain * mask).sum() / mask.sum()


def value_loss(
    values: torch.Tensor,
    old_values: torch.Tensor,
    returns: torch.Tensor,
    mask: torch.Tensor,
    clip: float,
) -> torch.Tensor:
    """Half the squared error, the greater of free and clipped (as in OpenAI's baselines)."""
    bounded = old_values + (values - old_values).clamp(-clip, clip)
    error = torch.maximum((values - returns).square(), (bounded - returns).square())
    return 0.5 * (error * mask).sum() / mask.sum()


class Critic(torch.nn.Module):
    """The reward to expect, read off the policy's last hidden state at each token.

    Its gradient does not reach the policy: early on its errors would spoil a small adapter.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = torch.nn.Linear(width, 1)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Values of shape (rollouts, tokens) from hidden states (rollouts, tokens, width)."""
        values: torch.Tensor = self.head(hidden.detach().float()).squeeze(-1)
        return values


@dataclass(frozen=True, slots=True)
class Experience:
    """A group as the objective needs it; each tensor has the shape (rollouts, tokens)."""

    rollouts: tuple[Rollout, ...]
    log_probs: torch.Tensor
    values: torch.Tensor
    advantages: torch.Tensor
    returns: torch.Tensor
    mask: torch.Tensor
    divergence: torch.Tensor
    """Log-ratio to the reference; its mean over the mask estimates the KL divergence per token."""


class PpoLearner:
    """Learns from groups of rollouts; holds the critic and the optimiser."""

    def __init__(self, policy: Policy, reference: Reference | None, recipe: PpoRecipe) -> None:
        self._policy, self._reference, self._recipe = policy, reference, recipe
        model = policy.model
        self._critic = Critic(model.config.hidden_size).to(model.device)
        self._trained = [each for each in model.parameters() if each.requires_grad]
        parameters = [
            {"params": self._trained, "lr": recipe.learning_rate},
            {"params": self._critic.parameters(), "lr": recipe.critic_learning_rate},
        ]
        self._optimizer = torch.optim.AdamW(parameters, weight_decay=recipe.weight_decay)
        self._schedule = get_scheduler(
            recipe.schedule, self._optimizer, recipe.warmup_steps, recipe.steps
        )

    def learn(self, groups: Sequence[Group]) -> dict[str, float]:
        """One batch of experience, `epochs` times in minibatches; the means of its metrics."""
        batch = [self._experience(group) for group in groups]
        average, deviation = moments([each.advantages for each in batch], [e.mask for e in batch])
        rows: list[dict[str, float]] = []
        for _ in range(self._recipe.epochs):
            order = torch.randperm(len(batch)).tolist()
            for start in range(0, len(order), self._recipe.minibatch_groups):
                places = order[start : start + self._recipe.minibatch_groups]
                rows += self._update([batch[place] for place in places], average, deviation)
        self._schedule.step()
        metrics = {key: mean(row[key] for row in rows) for key in rows[0]}
        divergence = sum(float((each.divergence * each.mask).sum()) for each in batch)
        metrics["kl"] = divergence / sum(float(each.mask.sum()) for each in batch)
        return metrics | {"learning_rate": self._schedule.get_last_lr()[0]}

    def state(self) -> dict[str, Any]:
        """All but the adapter's weights."""
        parts = (self._critic, self._optimizer, self._schedule)
        return {type(part).__name__: part.state_dict() for part in parts}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        for part in (self._critic, self._optimizer, self._schedule):
            part.load_state_dict(state[type(part).__name__])

    @torch.no_grad()
    def _experience(self, group: Group) -> Experience:
        recipe, scores = self._recipe, self._policy.score(group.rollouts)
        values = self._critic(scores.hidden) * scores.mask
        divergence = torch.zeros_like(scores.log_probs)
        if self._reference is not None:
            divergence = scores.log_probs - self._reference.log_probs(group.rollouts)
        rewards = -recipe.kl * divergence * scores.mask
        last = scores.mask.sum(1).long() - 1
        rewards[torch.arange(len(last)), last] += rewards.new_tensor(group.rewards)
        advantages, returns = generalised(
            rewards, values, scores.mask, gamma=recipe.gamma, lam=recipe.gae_lambda
        )
        return Experience(
            group.rollouts, scores.log_probs, values, advantages, returns, scores.mask, divergence
        )

    def _update(
        self, minibatch: Sequence[Experience], average: float, deviation: float
    ) -> list[dict[str, float]]:
        """One optimiser step. A group at a time, so that only one's activations are in memory."""
        rows = []
        for each in minibatch:
            scores = self._policy.score(each.rollouts)
            advantages = (each.advantages - average) / max(deviation, _LEAST_SPREAD)
            loss, row = self._loss(scores, each, advantages)
            torch.autograd.backward(loss / len(minibatch))
            rows.append(row)
        norm = clip_grad_norm_(self._trained, self._recipe.max_gradient_norm)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return [row | {"grad_norm": float(norm)} for row in rows]

    def _loss(
        self, scores: Scores, each: Experience, advantages: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, float]]:
        recipe, mask = self._recipe, each.mask
        policy = clipped_objective(scores.log_probs, each.log_probs, advantages, mask, recipe.clip)
        values = self._critic(scores.hidden)
        critic = value_loss(values, each.values, each.returns, mask, recipe.value_clip)
        outside = ((scores.log_probs - each.log_probs).exp() - 1).abs() > recipe.clip
        return policy + critic, {
            "loss": policy.item(),
            "value_loss": critic.item(),
            "entropy": ((scores.entropies * mask).sum() / mask.sum()).item(),
            "clipped": ((outside * mask).sum() / mask.sum()).item(),
        }
