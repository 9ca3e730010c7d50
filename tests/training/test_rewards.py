"""Rewards, by hand."""

from __future__ import annotations

import pytest

from training.rewards import INVALID, Outcome, RewardWeights


def test_the_papers_reward_is_the_exact_match_alone() -> None:
    weights = RewardWeights.of({"exact_match": 1.0})
    assert weights.reward(Outcome(exact_match=1.0, f1=0.2, growth=1.0)) == 1.0
    assert weights.reward(Outcome(exact_match=0.5, f1=1.0)) == 0.5
    assert weights.reward(INVALID) == 0.0


def test_terms_add_up_by_their_weights() -> None:
    table = {"f1": 1.0, "bank": 2.0, "compression": 0.25, "validity": 0.1}
    outcome = Outcome(validity=0.5, exact_match=1.0, f1=0.4, bank=0.75, growth=0.6)
    # 0.4 + 2 * 0.75 - 0.25 * 0.6 - 0.1 * 0.5
    assert RewardWeights.of(table).reward(outcome) == pytest.approx(1.70)


def test_an_invalid_reply_earns_less_than_a_useless_one() -> None:
    weights = RewardWeights.of({"exact_match": 1.0, "validity": 0.1})
    assert weights.reward(INVALID) == pytest.approx(-0.1)
    assert weights.reward(Outcome()) == 0.0


@pytest.mark.parametrize("table", [{"em": 1.0}, {}, {"validity": 1.0}, {"f1": 0.0}])
def test_a_reward_that_makes_no_sense_is_refused(table: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"no reward term 'em'|pays for nothing"):
        RewardWeights.of(table)
