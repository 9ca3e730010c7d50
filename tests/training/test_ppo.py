"""PPO: estimates and objective against closed forms, and problems whose optimum is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.training.rl_support import CHOICES, Bandit, pays, tiny_policy
from training.advantages import generalised, moments
from training.ppo import PpoLearner, clipped_objective, value_loss
from training.reference import Reference
from training.rl_recipe import Agent, PpoRecipe
from training.rollout import Collector

RECIPE = PpoRecipe(
    Agent.MANAGER,
    {"bank": 1.0},
    group=16,
    groups=1,
    rerolls=0,
    learning_rate=5e-3,
    warmup_steps=0,
    steps=20,
    kl=0.0,
)


def test_advantages_by_hand() -> None:
    rewards = torch.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    values = torch.tensor([[0.5, 0.25, 0.0], [1.0, 0.0, 0.0]])
    mask = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    advantages, returns = generalised(rewards, values, mask, gamma=0.9, lam=0.5)
    last = 1.0 - 0.25
    first = 0.9 * 0.25 - 0.5 + 0.9 * 0.5 * last
    assert torch.allclose(advantages, torch.tensor([[first, last, 0.0], [1.0, 0.0, 0.0]]))
    assert torch.allclose(returns, advantages + values)


def test_without_discount_lambda_one_is_the_return_less_the_value() -> None:
    torch.manual_seed(0)
    rewards, values = torch.randn(4, 6), torch.randn(4, 6)
    advantages, returns = generalised(rewards, values, torch.ones(4, 6), gamma=1.0, lam=1.0)
    to_go = rewards.flip(1).cumsum(1).flip(1)
    assert torch.allclose(advantages, to_go - values, atol=1e-5)
    assert torch.allclose(returns, to_go, atol=1e-5)


def test_lambda_zero_is_the_error_of_one_step() -> None:
    rewards, values = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 4.0]])
    advantages, _ = generalised(rewards, values, torch.ones(1, 2), gamma=0.5, lam=0.0)
    assert advantages.tolist() == [[1.0 + 0.5 * 4.0 - 0.5, 2.0 - 4.0]]


def test_moments_count_masked_places_only() -> None:
    values = [torch.tensor([[1.0, 3.0]]), torch.tensor([[5.0, 99.0]])]
    mask = [torch.ones(1, 2), torch.tensor([[1.0, 0.0]])]
    average, deviation = moments(values, mask)
    assert average == 3.0
    assert deviation == pytest.approx((8 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("ratio", "advantage", "wanted", "moves"),
    [
        (1.0, 2.0, 2.0, True),
        (1.5, 2.0, 1.2 * 2.0, False),  # good already: no more of it
        (0.5, 2.0, 0.5 * 2.0, True),  # good and grown rarer: back
        (0.5, -2.0, 0.8 * -2.0, False),  # bad already left
        (1.5, -2.0, 1.5 * -2.0, True),  # bad and grown likelier: away
    ],
)
def test_the_clipped_objective_by_hand(
    ratio: float, advantage: float, wanted: float, moves: bool
) -> None:
    log_probs = torch.tensor([[ratio]]).log().requires_grad_()
    ones = torch.ones(1, 1)
    loss = clipped_objective(log_probs, torch.zeros(1, 1), ones * advantage, ones, 0.2)
    loss.backward()
    assert loss.item() == pytest.approx(-wanted, rel=1e-5)
    assert log_probs.grad is not None
    assert bool(log_probs.grad.abs().item() > 0) is moves


def test_the_objective_is_a_mean_over_the_tokens_that_are_there() -> None:
    log_probs, mask = torch.zeros(1, 3), torch.tensor([[1.0, 1.0, 0.0]])
    advantages = torch.tensor([[1.0, 2.0, 50.0]])
    assert clipped_objective(log_probs, log_probs, advantages, mask, 0.2).item() == -1.5


def test_the_value_loss_does_not_reward_a_leap() -> None:
    one = torch.ones(1, 1)
    # From 0 to 1 in a step that may be 0.2: the error of the clipped value counts.
    assert value_loss(one, 0 * one, one, one, 0.2).item() == pytest.approx(0.5 * 0.8**2)
    assert value_loss(0.1 * one, 0 * one, one, one, 0.2).item() == pytest.approx(0.5 * 0.9**2)


def learn(task: Bandit, recipe: PpoRecipe, seed: int = 1) -> float:
    """The probability-weighted reward after learning: the mean over many samples."""
    torch.manual_seed(seed)
    policy = tiny_policy()
    collector = Collector(policy, [task], recipe)
    learner = PpoLearner(policy, Reference(policy) if recipe.kl else None, recipe)
    for _ in range(recipe.steps):
        learner.learn([collector.collect() for _ in range(recipe.groups)])
    rollouts = policy.sample(task.request, 64)
    return sum(task.outcome(each.text, truncated=False).bank for each in rollouts) / 64


@pytest.mark.parametrize("best", ["DELETE 2", "NOOP"])
def test_a_bandit_is_solved(best: str) -> None:
    assert learn(pays(best), RECIPE) > 0.95


def test_a_task_of_several_steps_is_solved() -> None:
    # Three choices in a row, paid at the end only for the one sequence of twenty-seven.
    steps = replace(CHOICES, grammar='root ::= n n n\nn ::= "1" | "2" | "3"')
    wanted = "231"
    pay = lambda reply: sum(a == b for a, b in zip(reply, wanted, strict=False)) / 3  # noqa: E731
    recipe = replace(RECIPE, steps=40, group=32, learning_rate=1e-3)
    assert learn(Bandit(pay, steps), recipe) > 0.9


def test_a_heavy_penalty_keeps_the_policy_where_it_was() -> None:
    assert learn(pays("DELETE 2"), replace(RECIPE, kl=20.0)) < 0.6


def test_the_reference_stays_while_the_policy_moves() -> None:
    torch.manual_seed(1)
    policy, task = tiny_policy(), pays("DELETE 2")
    reference = Reference(policy)
    collector = Collector(policy, [task], RECIPE)
    rollouts = collector.collect().rollouts
    before = reference.log_probs(rollouts)
    assert torch.allclose(before, policy.score(rollouts).log_probs)
    learner = PpoLearner(policy, reference, RECIPE)
    metrics = [learner.learn([collector.collect()]) for _ in range(5)]
    assert torch.equal(reference.log_probs(rollouts), before)
    assert not torch.allclose(policy.score(rollouts).log_probs, before, atol=1e-2)
    assert metrics[0]["kl"] == 0.0
    assert metrics[-1]["kl"] > 0.0
