"""GBNF to an automaton. The agents' grammars (memchat/agents/grammar.py) are regular: each has one.

It reads the very text that llama.cpp reads, so there is no second grammar to keep in step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from training.grammar.machine import Automaton, Fragment, Machine

_RULE = re.compile(r"([a-z][a-z0-9-]*) ::= (.*)")
_TOKEN = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|\[(?P<negated>\^?)(?P<characters>(?:[^\]\\]|\\.)*)\]"
    r"|\{(?P<least>\d+)(?P<comma>,?)(?P<most>\d*)\}"
    r"|(?P<name>[a-z][a-z0-9-]*)"
    r"|(?P<mark>[|()*+?])"
)
_CHARACTER = re.compile(r"\\x(?P<hex>[0-9a-fA-F]{2})|\\(?P<escape>.)|(?P<plain>.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}

Node = Callable[[Machine], Fragment]
"""A piece of grammar: adds a copy of itself to a machine."""


@lru_cache(maxsize=256)
def compile_grammar(gbnf: str) -> Automaton:
    """The automaton of a GBNF with a `root` rule.

    Raises ValueError for what is not GBNF, lacks a rule, or is recursive.
    """
    machine = Machine()
    return machine.determinise(_Rules(gbnf).node("root")(machine))


class _Rules:
    def __init__(self, gbnf: str) -> None:
        self._sources = dict(map(_rule, filter(None, gbnf.split("\n"))))
        self._open: list[str] = []

    def node(self, name: str) -> Node:
        if name not in self._sources:
            raise ValueError(f"there is no rule {name!r}")
        if name in self._open:
            raise ValueError(f"rule {name!r} is recursive")
        self._open.append(name)
        node = _Parser(self, self._sources[name]).whole()
        self._open.pop()
        return node


class _Parser:
    """The right-hand side of one rule."""

    def __init__(self, rules: _Rules, source: str) -> None:
        self._rules = rules
        self._tokens = [*_tokens(source)][::-1]  # the next one last

    def whole(self) -> Node:
        node = self._choice()
        if self._tokens:
            raise ValueError("a bracket is closed that was not opened")
        return node

    def _choice(self) -> Node:
        options = [self._chain()]
        while self._take("|"):
            options.append(self._chain())
        return lambda machine: machine.choice(option(machine) for option in options)

    def _chain(self) -> Node:
        parts: list[Node] = []
        while self._tokens and self._tokens[-1]["mark"] not in {"|", ")"}:
            parts.append(self._repeated(self._item()))
        return lambda machine: machine.chain(part(machine) for part in parts)

    def _repeated(self, item: Node) -> Node:
        if not self._tokens or not (self._tokens[-1]["least"] or self._tokens[-1][0] in "*+?"):
            return item
        least, most = _bounds(self._tokens.pop())

        def node(machine: Machine) -> Fragment:
            parts = [item(machine) for _ in range(least)]
            tail = machine.chain([]) if most is not None else machine.loop(item(machine))
            for _ in range(least, most or least):
                tail = machine.optional(machine.chain([item(machine), tail]))
            return machine.chain([*parts, tail])

        return node

    def _item(self) -> Node:
        token = self._tokens.pop()
        if token["text"] is not None:
            data = "".join(_characters(token["text"])).encode()
            return lambda machine: machine.text(data)
        if token["characters"] is not None:
            ranges, negated = _class(token), bool(token["negated"])
            return lambda machine: machine.character(ranges, wide=negated)
        if token["name"]:
            return self._rules.node(token["name"])
        if token["mark"] != "(":
            raise ValueError(f"{token[0]!r} has nothing to stand on")
        node = self._choice()
        if not self._take(")"):
            raise ValueError("a bracket is not closed")
        return node

    def _take(self, mark: str) -> bool:
        found = bool(self._tokens) and self._tokens[-1]["mark"] == mark
        if found:
            self._tokens.pop()
        return found


def _rule(line: str) -> tuple[str, str]:
    match = _RULE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a rule: {line!r}")
    return match[1], match[2]


def _tokens(source: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(source):
        match = _TOKEN.match(source, place)
        if match:
            yield match
        elif source[place] != " ":
            raise ValueError(f"not GBNF: {source[place:]!r}")
        place = match.end() if match else place + 1


def _bounds(token: re.Match[str]) -> tuple[int, int | None]:
    if token["mark"]:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[token["mark"]]
    least = int(token["least"])
    if not token["comma"]:
        return least, least
    return least, int(token["most"]) if token["most"] else None


def _class(token: re.Match[str]) -> list[tuple[int, int]]:
    """The ASCII ranges of a character class. A negated one also holds all beyond ASCII."""
    ranges = list(_ranges(token["characters"]))
    if any(high > 0x7F for _, high in ranges):
        raise ValueError("a class that names characters beyond ASCII")
    if not token["negated"]:
        return ranges
    named = {code for low, high in ranges for code in range(low, high + 1)}
    return [(code, code) for code in range(0x80) if code not in named]


def _ranges(source: str) -> Iterator[tuple[int, int]]:
    """`a-z_` as code points, ends included. A hyphen at either end stands for itself."""
    characters = list(_characters(source))
    while characters:
        wide = len(characters) > 2 and characters[1] == "-"
        yield ord(characters[0]), ord(characters[2 if wide else 0])
        del characters[: 3 if wide else 1]


def _characters(source: str) -> Iterator[str]:
    for match in _CHARACTER.finditer(source):
        if match["hex"]:
            yield chr(int(match["hex"], 16))
        else:
            yield match["plain"] or _ESCAPES.get(match["escape"], match["escape"])
