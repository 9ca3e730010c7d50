"""Which tokens of a vocabulary may follow in each state of a grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.grammar.gbnf import compile_grammar
from training.grammar.machine import DEAD, Automaton

if TYPE_CHECKING:
    from training.model import TrainingVocabulary

Allowed = NDArray[np.bool_]
"""Whether each token may come next, shape (vocabulary,)."""


class TokenTable:
    """The bytes of every token, laid out so that one step runs all of them through a machine."""

    def __init__(self, pieces: Sequence[bytes], end: int) -> None:
        self.pieces, self.end = tuple(pieces), end
        longest = max(map(len, pieces))
        self._bytes = np.zeros((longest, len(pieces)), dtype=np.uint8)
        for token, piece in enumerate(pieces):
            self._bytes[: len(piece), token] = np.frombuffer(piece, dtype=np.uint8)
        self._lengths = np.fromiter(map(len, pieces), dtype=np.int32)
        self._known: dict[tuple[str, int], Allowed] = {}

    @classmethod
    def of(cls, vocabulary: TrainingVocabulary) -> TokenTable:
        return cls(vocabulary.pieces(), vocabulary.end)

    def text(self, tokens: Sequence[int]) -> str:
        """What the tokens write; special ones write nothing."""
        return b"".join(self.pieces[token] for token in tokens).decode(errors="replace")

    def allowed(self, grammar: str, state: int) -> Allowed:
        """Tokens that lead from `state` to another one, and the end where the text may end."""
        key = (grammar, state)
        if key not in self._known:
            self._known[key] = self._run(compile_grammar(grammar), state)
        return self._known[key]

    def _run(self, automaton: Automaton, state: int) -> Allowed:
        states = np.full(len(self.pieces), state, dtype=np.int32)
        for place, column in enumerate(self._bytes):
            alive = (states != DEAD) & (self._lengths > place)
            if not alive.any():
                break
            states[alive] = automaton.table[states[alive], column[alive]]
        allowed: Allowed = (states != DEAD) & (self._lengths > 0)
        allowed[self.end] = automaton.accepting[state]
        return allowed


class Follower:
    """Where one text stands in a grammar, token by token."""

    def __init__(self, table: TokenTable, grammar: str) -> None:
        self._table, self._grammar = table, grammar
        self._automaton = compile_grammar(grammar)
        self._state = 0

    @property
    def allowed(self) -> Allowed:
        """Tokens that may come next. Do not change it: it is shared."""
        return self._table.allowed(self._grammar, self._state)

    def take(self, token: int) -> None:
        """Go on after `token`, which has to be an allowed one."""
        self._state = self._automaton.advance(self._state, self._table.pieces[token])


def allowed_along(table: TokenTable, grammar: str, tokens: Sequence[int]) -> NDArray[np.bool_]:
    """What was allowed before each of `tokens`, shape (len(tokens), vocabulary)."""
    follower, rows = Follower(table, grammar), []
    for token in tokens:
        rows.append(follower.allowed)
        follower.take(token)
    return np.stack(rows)
