"""Recipes of reinforcement learning; read and checked by recipe.load_recipe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memchat.engine.protocol import Role
from training.recipe import Schedule
from training.rewards import RewardWeights

SYNTHETIC, TWO_DOGS = "synthetic", "two-dogs"
"""Sources that are generated."""


class Agent(StrEnum):
    """Whose replies are learned. Manager and extractor share the memory adapter."""

    MANAGER = "manager"
    EXTRACTOR = "extractor"
    ANSWER = "answer"

    @property
    def role(self) -> Role:
        """The role whose adapter it trains."""
        return Role.ANSWER if self is Agent.ANSWER else Role.MEMORY


@dataclass(frozen=True, slots=True)
class RlRecipe:
    """What GRPO and PPO have in common."""

    agent: Agent
    reward: dict[str, float]
    """Weights of rewards.RewardWeights."""
    data: tuple[str, ...] = ("synthetic",)
    """Sources of tasks: synthetic, two-dogs, locomo, or a file that `memchat eval` can read."""
    base: str = ""
    """Model to adapt; empty for the embedded one."""
    dialogues: int = 200
    """At most so many of each source; a source that is a file may hold fewer."""
    held_out: int = 32
    """Tasks kept for validation by greedy replies."""
    seed: int = 1
    steps: int = 200
    group: int = 8
    """Rollouts of one task that are compared with each other."""
    groups: int = 4
    """Groups per optimiser step (GRPO), or per batch of experience (PPO)."""
    rerolls: int = 2
    """Further groups to sample instead of one without a spread in rewards."""
    temperature: float = 1.0
    constrained: bool = True
    """Sample under the runtime's grammars, as chat does."""
    coached: bool = False
    """Spell the task out in scripted prompts, as chat does for a model without an adapter."""
    rank: int = 16
    alpha: int = 32
    """Of a fresh adapter; one to start from brings its own."""
    learning_rate: float = 2e-5
    warmup_steps: int = 5
    schedule: Schedule = Schedule.CONSTANT
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    clip: float = 0.2
    kl: float = 0.02
    """Weight of the divergence from the adapter that training started from."""
    notes: int = 60
    note_tokens: int = 1024
    """Limits of the notes that the Answer Agent is shown, as in the chat's settings."""
    raw_turns: bool = False
    """Let it see raw turns beside memories, as the chat does. With them a question can be
    answered whatever the manager did, and its reward says little about the operation."""
    checkpoint_steps: int = 10
    validation_steps: int = 25

    @property
    def generated(self) -> bool:
        """Whether all tasks come from generators, which know the truth without any agent."""
        return set(self.data) <= {SYNTHETIC, TWO_DOGS}

    @property
    def rollouts(self) -> int:
        """Those that are learned from; rerolled groups come on top."""
        return self.steps * self.groups * self.group

    def __post_init__(self) -> None:
        RewardWeights.of(self.reward)
        if self.group < 2:
            raise ValueError("a group needs at least 2 rollouts")


@dataclass(frozen=True, slots=True)
class GrpoRecipe(RlRecipe):
    """Group-relative policy optimisation (arXiv 2402.03300), by TRL."""

    scale_rewards: bool = True
    """Divide advantages by the group's standard deviation; Dr. GRPO (arXiv 2503.20783) does not."""


@dataclass(frozen=True, slots=True)
class PpoRecipe(RlRecipe):
    """Proximal policy optimisation with a critic, ours."""

    epochs: int = 2
    """Passes over each batch of experience."""
    minibatch_groups: int = 1
    """Groups per optimiser step."""
    critic_learning_rate: float = 1e-3
    value_clip: float = 0.2
    gamma: float = 1.0
    gae_lambda: float = 0.95
    """Replies are short and the reward comes at their end: neither discounts much."""
