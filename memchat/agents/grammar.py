"""GBNF grammars, built per call, so that a model can only say what the program can do.

Rule names may hold neither underscores nor capitals in llama.cpp's dialect.
"""

from __future__ import annotations

from collections.abc import Iterable

from memchat.agents.prompts import NONE

MAX_FACTS = 6
"""Facts that one message may yield."""

_LINE = r"line ::= [^\x00-\x20\x7f] [^\x00-\x1f\x7f]+"


def facts_grammar() -> str:
    """NONE, or one to MAX_FACTS lines."""
    return f'root ::= "{NONE}" | line ("\\n" line){{0,{MAX_FACTS - 1}}}\n{_LINE}'


def decision_grammar(candidates: int) -> str:
    """ADD, NOOP, or UPDATE and DELETE of a number from 1 to `candidates`."""
    return "\n".join(
        (
            'root ::= "ADD" | "NOOP" | "DELETE " n | "UPDATE " n ": " line',
            f"n ::= {_numbers(range(1, candidates + 1))}",
            _LINE,
        )
    )


def distillation_grammar(candidates: int, most: int) -> str:
    """`Using: none` or `Using: n, n, ...` with at most `most` of the numbers 1 to `candidates`."""
    return "\n".join(
        (
            f'root ::= "Using: " ("none" | n (", " n){{0,{most - 1}}}) "\\n"',
            f"n ::= {_numbers(range(1, candidates + 1))}",
        )
    )


def _numbers(values: Iterable[int]) -> str:
    return " | ".join(f'"{value}"' for value in values)
