"""Groups of rollouts: a task, some completions of it, and what each earned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memchat.engine.protocol import GenerateRequest
from training.curriculum import Curriculum
from training.policy import Policy, Rollout
from training.rewards import TERMS, Outcome, RewardWeights, mean
from training.rl_recipe import RlRecipe

_SAME = 1e-6
"""Rewards nearer than this are the same."""


class Task(Protocol):
    """Something to complete, in an environment that says what came of it."""

    @property
    def request(self) -> GenerateRequest:
        """The runtime's own request; the policy answers it."""
        ...

    def outcome(self, reply: str, *, truncated: bool) -> Outcome:
        """What comes of `reply`. The environment is as it was afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    """Rollouts of one task from the same state of the environment; rewards in their order."""

    rollouts: tuple[Rollout, ...]
    outcomes: tuple[Outcome, ...]
    rewards: tuple[float, ...]

    @property
    def degenerate(self) -> bool:
        """Whether all earned the same: nothing to prefer."""
        return max(self.rewards) - min(self.rewards) < _SAME


class Collector:
    """Draws tasks, samples groups and scores them.

    A degenerate group is replaced by one of another task, up to `recipe.rerolls` times; the last
    one counts whatever it is.
    """

    def __init__(self, policy: Policy, tasks: Sequence[Task], recipe: RlRecipe) -> None:
        self._policy, self._tasks = policy, tasks
        self.size, self._rerolls = recipe.group, recipe.rerolls
        self.weights = RewardWeights.of(recipe.reward)
        self.curriculum = Curriculum(len(tasks), recipe.seed)
        self._seen: list[Group] = []
        self._kept: list[Group] = []
        self._sampling = self._scoring = 0.0

    def collect(self) -> Group:
        """One group to learn from."""
        for _ in range(self._rerolls + 1):
            number = self.curriculum.draw()
            group = self._group(self._tasks[number])
            self.curriculum.record(number, group.rewards)
            self._seen.append(group)
            if not group.degenerate:
                break
        self._kept.append(group)
        return group

    def metrics(self) -> dict[str, float]:
        """Means over what was collected since the last call, and what it took.

        `degenerate` is the share of kept groups without a spread in rewards, `rerolled` the
        groups sampled in vain for each one kept; seconds are those spent sampling and scoring.
        """
        seen, kept = self._seen, self._kept
        outcomes = [outcome for group in seen for outcome in group.outcomes]
        found = {
            "reward": mean(reward for group in seen for reward in group.rewards),
            **{key: mean(getattr(outcome, key) for outcome in outcomes) for key in TERMS},
            "degenerate": mean(float(group.degenerate) for group in kept),
            "rerolled": len(seen) / max(len(kept), 1) - 1,
            "rollouts": float(len(seen) * self.size),
            "sampling_seconds": self._sampling,
            "scoring_seconds": self._scoring,
        }
        self._seen, self._kept = [], []
        self._sampling = self._scoring = 0.0
        return found

    def _group(self, task: Task) -> Group:
        started = time.perf_counter()
        rollouts = self._policy.sample(task.request, self.size)
        sampled = time.perf_counter()
        outcomes = [task.outcome(each.text, truncated=each.truncated) for each in rollouts]
        self._sampling += sampled - started
        self._scoring += time.perf_counter() - sampled
        rewards = tuple(map(self.weights.reward, outcomes))
        return Group(tuple(rollouts), tuple(outcomes), rewards)


def validate(policy: Policy, tasks: Sequence[Task], weights: RewardWeights) -> dict[str, float]:
    """What greedy replies to held-out tasks earn, on the mean."""
    outcomes = []
    for task in tasks:
        (rollout,) = policy.sample(task.request, 1, greedy=True)
        outcomes.append(task.outcome(rollout.text, truncated=rollout.truncated))
    return {
        "held_out_reward": mean(map(weights.reward, outcomes)),
        **{f"held_out_{key}": mean(getattr(each, key) for each in outcomes) for key in TERMS},
    }
