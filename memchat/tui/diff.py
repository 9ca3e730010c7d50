"""What an UPDATE changed, small enough to read in a narrow column."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` with `old` replaced by `new` in between; whole words only."""

    before: str
    old: str
    new: str
    after: str


def change(old: str, new: str) -> Change:
    """The smallest run of words of `old` that was replaced to give `new`."""
    was, now = old.split(), new.split()
    head = _common(was, now)
    tail = _common(was[head:][::-1], now[head:][::-1])
    return Change(
        before=" ".join(now[:head]),
        old=" ".join(was[head : len(was) - tail]),
        new=" ".join(now[head : len(now) - tail]),
        after=" ".join(now[len(now) - tail :]),
    )


def _common(first: list[str], second: list[str]) -> int:
    """How many words both begin with."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    )
