"""What a completion earns: terms of its outcome, weighed by the recipe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one completion. Each term lies between 0 and 1."""

    validity: float = 1.0
    """1 for a reply the program can act on, 0 for one it cannot; 1/2 where a guard had to correct
    it, as a duplicate or a lost name."""
    exact_match: float = 0.0
    """Share of the questions answered exactly: Memory-R1's only reward (arXiv 2508.19828)."""
    f1: float = 0.0
    """Token F1 of the answers, Memory-R2's reward (arXiv 2605.21768): it also tells a near miss
    from a far one, which exact match of long answers cannot."""
    bank: float = 0.0
    """How near the bank is to what it should hold, where the data says what that is."""
    bank_exact: float = 0.0
    """1 where it is there: nothing missing, nothing left over."""
    growth: float = 0.0
    """Characters that the bank grew by for each character that was said, at most 1.

    Memory-R2 takes a penalty for length from the reward, so that copying every turn does not pay;
    this is our form of it.
    """


INVALID = Outcome(validity=0.0)
TERMS = tuple(each.name for each in fields(Outcome))


@dataclass(frozen=True, slots=True)
class RewardWeights:
    """What each term is worth. `compression` is taken off for each unit of growth, `validity` for a
    reply that is not valid; the others are paid."""

    exact_match: float = 0.0
    f1: float = 0.0
    bank: float = 0.0
    bank_exact: float = 0.0
    compression: float = 0.0
    validity: float = 0.0

    @classmethod
    def of(cls, table: dict[str, float]) -> Self:
        """From a recipe. Raises ValueError for an unknown term, and where nothing is paid for."""
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(table) - set(known))
        if unknown:
            raise ValueError(f"no reward term {unknown[0]!r}; known: {', '.join(known)}")
        weights = cls(**table)
        if not any((weights.exact_match, weights.f1, weights.bank, weights.bank_exact)):
            raise ValueError("it pays for nothing: set exact_match, f1, bank or bank_exact")
        return weights

    def reward(self, outcome: Outcome) -> float:
        """The weighted sum."""
        return (
            self.exact_match * outcome.exact_match
            + self.f1 * outcome.f1
            + self.bank * outcome.bank
            + self.bank_exact * outcome.bank_exact
            - self.compression * outcome.growth
            - self.validity * (1.0 - outcome.validity)
        )


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    found = list(values)
    return sum(found) / len(found) if found else 0.0
