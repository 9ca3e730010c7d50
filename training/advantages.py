"""How much better than expected each token was."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def generalised(
    rewards: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, *, gamma: float, lam: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Generalised advantage estimation (Schulman et al. 2016) and the returns it implies.

    All have the shape (rollouts, tokens). `mask` is a run of ones from the first token on; rewards
    and values are 0 behind it, where the episode is over.
    """
    advantages = torch.zeros_like(rewards)
    following = next_value = torch.zeros_like(rewards[:, 0])
    for step in reversed(range(rewards.shape[1])):
        surprise = rewards[:, step] + gamma * next_value - values[:, step]
        following = (surprise + gamma * lam * following) * mask[:, step]
        advantages[:, step], next_value = following, values[:, step]
    return advantages, advantages + values


def moments(values: Sequence[torch.Tensor], masks: Sequence[torch.Tensor]) -> tuple[float, float]:
    """Mean and standard deviation over the masked places of all tensors."""
    pairs = zip(values, masks, strict=True)
    chosen = torch.cat([each[mask.bool()] for each, mask in pairs])
    return float(chosen.mean()), float(chosen.std(correction=0))
