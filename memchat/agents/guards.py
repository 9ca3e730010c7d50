"""What code checks behind the Memory Manager. Three guards, each recorded when it acts.

They never decide what to remember. They only stop a weak model from filing a fact twice, from
rewriting a memory into itself, and from losing a name or number in a merge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from memchat.bank.types import Hit, Op, Operation
from memchat.text import content_words

DUPLICATE = "duplicate"
"""An ADD or UPDATE whose text a memory holds already became a NOOP."""
IDENTICAL = "identical"
"""An UPDATE to the text that was there became a NOOP."""
LOSS = "loss"
"""An UPDATE that dropped a name or number nothing contradicts became an ADD."""
TRUNCATED = "truncated"
"""An UPDATE whose text ran into the token limit became an ADD."""

_ADDITIVE = re.compile(
    r"\b(?:another|also|too|second|third|as well|additional(?:ly)?|more|other|both|besides)\b",
    re.IGNORECASE,
)
_SPECIFIC = re.compile(r"\b(?:[A-Z][\w'’-]*[A-Za-z0-9]|\d[\d.,:/]*\d|\d)")
_POSSESSIVE = re.compile(r"['’]s$")
_NOT_NAMES = frozenset(
    {
        *("The", "User", "A", "An", "He", "She", "It", "They", "His", "Her", "Their", "Its"),
        *("In", "On", "At", "For", "From", "This", "That", "And", "But"),
        *("When", "Since", "After", "Before"),
    }
)


def check(operation: Operation, memories: Sequence[Hit]) -> Operation:
    """`operation`, or what a guard made of it, with `correction` and `proposed` filled in."""
    if operation.op is Op.UPDATE:
        operation = _check_update(operation, memories)
    if operation.op is Op.ADD:
        operation = _check_add(operation, memories)
    return operation


def _check_update(operation: Operation, memories: Sequence[Hit]) -> Operation:
    old = next(hit.text for hit in memories if hit.id == operation.target)
    if _same(operation.text, old):
        return _to_noop(operation, operation.target, IDENTICAL)
    twin = _twin(operation.text, memories)
    if twin is not None:
        return _to_noop(operation, twin.id, DUPLICATE)
    if loses_detail(old, operation.text, operation.fact.text):
        return _corrected(
            replace(operation, op=Op.ADD, text=operation.fact.text, target=None), operation, LOSS
        )
    return operation


def _check_add(operation: Operation, memories: Sequence[Hit]) -> Operation:
    twin = _twin(operation.text, memories)
    return operation if twin is None else _to_noop(operation, twin.id, DUPLICATE)


def loses_detail(old: str, merged: str, fact: str) -> bool:
    """Whether `merged` lacks a name or number of `old` that `fact` neither names nor replaces.

    A fact replaces a detail when it brings one of the same kind ("Lisbon" for "Porto") and does
    not announce itself as an addition ("another dog, Scout").
    """
    lost = _specifics(old) - _specifics(merged) - _specifics(fact)  # "rehomed Scout" is no loss
    if not lost:
        return False
    if _ADDITIVE.search(fact):
        return True
    brought = (_specifics(fact) - _specifics(old)) & _specifics(merged)
    return any(
        _count(lost, numeric=numeric) > _count(brought, numeric=numeric)
        for numeric in (True, False)
    )


def _specifics(text: str) -> Counter[str]:
    """The names and numbers in `text`: capitalised words and digits, each once."""
    found = (_POSSESSIVE.sub("", word) for word in _SPECIFIC.findall(text))
    return Counter({word.lower(): 1 for word in found if word not in _NOT_NAMES})


def _count(words: Counter[str], *, numeric: bool) -> int:
    return sum(word[0].isdigit() is numeric for word in words)


def _twin(text: str, memories: Sequence[Hit]) -> Hit | None:
    return next((hit for hit in memories if _same(text, hit.text)), None)


def _same(one: str, other: str) -> bool:
    """Equal but for case, punctuation, stop words and their order."""
    return Counter(content_words(one)) == Counter(content_words(other))


def _to_noop(operation: Operation, found_in: int | None, guard: str) -> Operation:
    return _corrected(replace(operation, op=Op.NOOP, text="", target=found_in), operation, guard)


def _corrected(changed: Operation, original: Operation, guard: str) -> Operation:
    said = original.proposed or f"{original.op} {original.text}".strip()
    return replace(changed, proposed=said, correction=original.correction or guard)
