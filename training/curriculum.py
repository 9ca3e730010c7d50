"""Which task comes next: those whose outcome is still open come more often.

A group whose rollouts all earn the same teaches GRPO nothing. The spread of a task's rewards, as
seen so far, decides how often it is drawn (in the spirit of DAPO's dynamic sampling, arXiv
2503.14476, without throwing groups away).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import pstdev
from typing import Any

_MEMORY = 0.5
"""Weight of the latest group in a task's spread."""
_FLOOR = 0.05
"""No task is forgotten: what was too hard or too easy may not stay so."""


class Curriculum:
    """Draws task numbers from 0 to `count` - 1; the same for the same seed and rewards."""

    def __init__(self, count: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._spread = [1.0] * count  # untried: likely to be drawn
        self._tried = [0] * count

    def draw(self) -> int:
        """The next task."""
        weights = [max(spread, _FLOOR) for spread in self._spread]
        return self._random.choices(range(len(weights)), weights)[0]

    def record(self, task: int, rewards: Sequence[float]) -> None:
        """Take note of what a group of rollouts of `task` earned."""
        latest = pstdev(rewards)
        if self._tried[task]:
            latest = _MEMORY * latest + (1 - _MEMORY) * self._spread[task]
        self._spread[task] = latest
        self._tried[task] += 1

    @property
    def tried(self) -> int:
        """How many tasks have been drawn at least once."""
        return sum(count > 0 for count in self._tried)

    def state(self) -> dict[str, Any]:
        """Everything that decides what comes next, as plain values."""
        version, words, gauss = self._random.getstate()
        return {
            "random": [version, list(words), gauss],
            "spread": self._spread,
            "tried": self._tried,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave. Raises ValueError when it is of other tasks."""
        if len(state["spread"]) != len(self._spread):
            raise ValueError(f"{len(state['spread'])} tasks then, {len(self._spread)} now")
        version, words, gauss = state["random"]
        self._random.setstate((version, tuple(words), gauss))
        self._spread, self._tried = list(state["spread"]), list(state["tried"])
