"""Machines over bytes: built piece by piece with empty moves, then made deterministic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

DEAD = -1
"""The state that no text leads out of."""

# Well-formed UTF-8 beyond ASCII (Unicode 15, table 3-7): the range of the first byte, that of the
# second, and how many further bytes of any kind follow.
_TAIL = (0x80, 0xBF)
_WIDE = (
    ((0xC2, 0xDF), None, 1),
    ((0xE0, 0xE0), (0xA0, 0xBF), 1),
    ((0xE1, 0xEC), None, 2),
    ((0xED, 0xED), (0x80, 0x9F), 1),
    ((0xEE, 0xEF), None, 2),
    ((0xF0, 0xF0), (0x90, 0xBF), 2),
    ((0xF1, 0xF3), None, 3),
    ((0xF4, 0xF4), (0x80, 0x8F), 2),
)


@dataclass(frozen=True, slots=True)
class Automaton:
    """A deterministic machine; its states are numbered from 0, where it starts.

    `table` has the shape (states, 256): the state after a byte, or DEAD. `accepting` has the shape
    (states,): whether a text may end there.
    """

    table: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    def advance(self, state: int, data: bytes) -> int:
        """The state after `data`."""
        for byte in data:
            if state == DEAD:
                return DEAD
            state = int(self.table[state, byte])
        return state

    def accepts(self, text: str) -> bool:
        """Whether the whole of `text` is in the language."""
        state = self.advance(0, text.encode())
        return state != DEAD and bool(self.accepting[state])


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a machine with one way in and one way out."""

    start: int
    end: int


@dataclass(slots=True)
class Machine:
    """Thompson's construction."""

    empty: list[list[int]] = field(default_factory=list)
    """Empty moves out of each state."""
    moves: list[list[tuple[tuple[int, int], int]]] = field(default_factory=list)
    """Byte ranges out of each state, ends included, with the state they lead to."""

    def text(self, data: bytes) -> Fragment:
        """Exactly these bytes."""
        start = end = self._state()
        for byte in data:
            end = self._move(end, (byte, byte))
        return Fragment(start, end)

    def character(self, ranges: Iterable[tuple[int, int]], *, wide: bool) -> Fragment:
        """One byte in `ranges`; or, if `wide`, one whole character beyond ASCII."""
        start, end = self._state(), self._state()
        for each in ranges:
            self.moves[start].append((each, end))
        if wide:
            self._wide(start, end)
        return Fragment(start, end)

    def chain(self, parts: Iterable[Fragment]) -> Fragment:
        """One part after another."""
        start = end = self._state()
        for part in parts:
            self.empty[end].append(part.start)
            end = part.end
        return Fragment(start, end)

    def choice(self, options: Iterable[Fragment]) -> Fragment:
        """Any one of `options`."""
        start, end = self._state(), self._state()
        for option in options:
            self.empty[start].append(option.start)
            self.empty[option.end].append(end)
        return Fragment(start, end)

    def optional(self, part: Fragment) -> Fragment:
        """`part`, or nothing."""
        return self.choice([part, self.chain([])])

    def loop(self, part: Fragment) -> Fragment:
        """`part`, any number of times."""
        around = self._state()
        self.empty[around].append(part.start)
        self.empty[part.end].append(around)
        return Fragment(around, around)

    def determinise(self, whole: Fragment) -> Automaton:
        """The subset construction, from the way into `whole` to its way out."""
        start = self._closure({whole.start})
        numbers, queue = {start: 0}, [start]
        table: list[NDArray[np.int32]] = []
        while len(table) < len(queue):
            row = np.full(256, DEAD, dtype=np.int32)
            for byte, reached in self._successors(queue[len(table)]).items():
                state = self._closure(reached)
                if state not in numbers:
                    numbers[state] = len(queue)
                    queue.append(state)
                row[byte] = numbers[state]
            table.append(row)
        return Automaton(np.stack(table), np.array([whole.end in state for state in queue]))

    def _state(self) -> int:
        self.empty.append([])
        self.moves.append([])
        return len(self.empty) - 1

    def _move(self, start: int, byte_range: tuple[int, int]) -> int:
        following = self._state()
        self.moves[start].append((byte_range, following))
        return following

    def _wide(self, start: int, end: int) -> None:
        tails = [end]  # tails[n]: n bytes are still to come
        for _ in range(3):
            state = self._state()
            self.moves[state].append((_TAIL, tails[-1]))
            tails.append(state)
        for first, second, rest in _WIDE:
            if second is None:
                self.moves[start].append((first, tails[rest]))
            else:
                self.moves[self._move(start, first)].append((second, tails[rest]))

    def _successors(self, states: frozenset[int]) -> dict[int, set[int]]:
        reached: dict[int, set[int]] = {}
        for state in states:
            for (low, high), following in self.moves[state]:
                for byte in range(low, high + 1):
                    reached.setdefault(byte, set()).add(following)
        return reached

    def _closure(self, states: set[int]) -> frozenset[int]:
        found, waiting = set(states), list(states)
        while waiting:
            for following in self.empty[waiting.pop()]:
                if following not in found:
                    found.add(following)
                    waiting.append(following)
        return frozenset(found)
