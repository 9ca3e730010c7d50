"""Sampling and scoring are two views of one distribution."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from memchat.agents import manager
from tests.training.rl_support import CHOICES, tiny_policy
from training.grammar.gbnf import compile_grammar
from training.policy import Policy

MEMORIES = ("The user has a dog called Buddy.", "The user lives in Leeds.")
DECISION = manager.decision_request("The user has a cat, Miso.", MEMORIES, coached=False)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return tiny_policy()


def test_every_sampled_reply_is_one_the_runtime_could_get(policy: Policy) -> None:
    torch.manual_seed(1)
    assert DECISION.grammar
    automaton = compile_grammar(DECISION.grammar)
    for rollout in policy.sample(DECISION, 24):
        assert rollout.truncated or automaton.accepts(rollout.text)
        assert rollout.prompt == tuple(policy.vocabulary.prompt(DECISION.messages))
        assert len(rollout.completion) <= DECISION.max_tokens


@pytest.mark.parametrize("share_prefix", [True, False])
def test_replies_come_as_often_as_their_probability_says(share_prefix: bool) -> None:
    torch.manual_seed(2)
    policy = tiny_policy(share_prefix=share_prefix)
    rollouts = policy.sample(CHOICES, 400)
    with torch.no_grad():
        log_probs = policy.score(rollouts).log_probs.sum(1)
    told = {each.completion: p for each, p in zip(rollouts, log_probs.exp().tolist(), strict=True)}
    for completion, count in Counter(each.completion for each in rollouts).items():
        assert count / 400 == pytest.approx(told[completion], abs=0.08)


def test_scores_do_not_depend_on_what_is_evaluated_together(policy: Policy) -> None:
    torch.manual_seed(3)
    rollouts = [*policy.sample(CHOICES, 3), *policy.sample(DECISION, 2)]
    together = policy.score(rollouts)
    assert together.mask.sum(1).tolist() == [len(each.completion) for each in rollouts]
    for row, rollout in enumerate(rollouts):
        alone = policy.score([rollout])
        width = len(rollout.completion)
        assert torch.allclose(alone.log_probs[0], together.log_probs[row, :width], atol=1e-4)
        assert torch.allclose(alone.entropies[0], together.entropies[row, :width], atol=1e-4)
        assert torch.allclose(alone.hidden[0], together.hidden[row, :width], atol=1e-4)


def test_a_shared_prompt_changes_neither_scores_nor_gradients() -> None:
    policy = tiny_policy()
    torch.manual_seed(4)
    rollouts = [*policy.sample(CHOICES, 3), *policy.sample(DECISION, 2)]
    gradients = []
    for share in (True, False):
        policy.share_prefix = share
        scores = policy.score(rollouts)
        policy.model.zero_grad()
        scores.log_probs.sum().backward()
        parameters = [each for each in policy.model.parameters() if each.requires_grad]
        gradients.append((scores.log_probs.detach(), *(each.grad.clone() for each in parameters)))
    for shared, separate in zip(*gradients, strict=True):
        assert torch.allclose(shared, separate, atol=1e-3)


def test_what_the_grammar_forces_is_certain(policy: Policy) -> None:
    torch.manual_seed(5)
    rollout = next(each for each in policy.sample(CHOICES, 64) if each.text.startswith("DELETE"))
    scores = policy.score([rollout])
    ends = torch.tensor(rollout.completion) == policy.table.end
    assert scores.log_probs[0][ends].tolist() == [0.0]  # after the number nothing else may come
    assert scores.entropies[0][ends].tolist() == [0.0]


def test_greedy_replies_are_one_and_the_same(policy: Policy) -> None:
    (reply,) = {each.completion for each in policy.sample(CHOICES, 4, greedy=True)}
    by_generate = tiny_policy(share_prefix=False).sample(CHOICES, 2, greedy=True)
    assert {each.completion for each in by_generate} == {reply}


def test_generate_is_bound_and_cut_off_alike() -> None:
    torch.manual_seed(7)
    assert DECISION.grammar
    automaton = compile_grammar(DECISION.grammar)
    rollouts = tiny_policy(share_prefix=False).sample(DECISION, 16)
    assert all(each.truncated or automaton.accepts(each.text) for each in rollouts)
    assert all(each.truncated == (len(each.completion) == 80) for each in rollouts)


def test_a_low_temperature_sharpens_and_unbound_sampling_is_free() -> None:
    torch.manual_seed(6)
    sharp = tiny_policy(temperature=0.05).sample(CHOICES, 32)
    assert len({each.completion for each in sharp}) <= 2
    free = tiny_policy(constrained=False).sample(CHOICES, 4)
    assert all(each.grammar is None for each in free)
    assert not any(compile_grammar(CHOICES.grammar or "").accepts(each.text) for each in free)
