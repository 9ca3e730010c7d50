"""What a run of reinforcement learning has in hand, whichever algorithm uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.policy import Policy
from training.rollout import Collector, Task, validate
from training.runs import Run

if TYPE_CHECKING:
    from training.progress import Metrics, MetricsLog


@dataclass(frozen=True, slots=True)
class Session:
    """A policy, where its rollouts come from, and where its run is written down."""

    policy: Policy
    collector: Collector
    held_out: Sequence[Task]
    run: Run
    log: MetricsLog

    def validate(self) -> Metrics:
        """What greedy replies to the held-out tasks earn."""
        return validate(self.policy, self.held_out, self.collector.weights)
