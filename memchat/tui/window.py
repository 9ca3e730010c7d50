"""Which turns of a long chat are mounted: a window that slides over all of them."""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 20
STEP = 10
SLACK = STEP
"""Turns mounted beyond SIZE before the far side is unmounted."""


@dataclass
class Window:
    """Turns `start` to `stop` of `total` are mounted; they are counted from the oldest known."""

    start: int = 0
    stop: int = 0
    total: int = 0

    @property
    def at_end(self) -> bool:
        return self.stop == self.total

    def to_end(self, total: int) -> None:
        """Show the newest of `total` turns."""
        self.total, self.stop = total, total
        self.start = max(0, total - SIZE)

    def around(self, index: int) -> None:
        """Show the turn at `index`, with some before it."""
        self.start = max(0, min(index - STEP // 2, self.total - SIZE))
        self.stop = min(self.total, self.start + SIZE)

    def append(self) -> int:
        """A turn was added at the end. Returns how many to unmount on top."""
        self.total += 1
        self.stop = self.total
        return self._cut_top()

    def know_older(self, count: int) -> None:
        """`count` older turns were read; none of them is mounted yet."""
        self.start += count
        self.stop += count
        self.total += count

    def up(self) -> tuple[int, int]:
        """Slide up. Returns how many to mount on top, and to unmount at the bottom."""
        mount = min(STEP, self.start)
        self.start -= mount
        unmount = max(0, self.stop - self.start - SIZE - SLACK)
        self.stop -= unmount
        return mount, unmount

    def down(self) -> tuple[int, int]:
        """Slide down. Returns how many to mount at the bottom, and to unmount on top."""
        mount = min(STEP, self.total - self.stop)
        self.stop += mount
        return mount, self._cut_top()

    def _cut_top(self) -> int:
        surplus = max(0, self.stop - self.start - SIZE - SLACK)
        self.start += surplus
        return surplus
