"""Sampling in training is bound exactly as llama.cpp binds it in chat."""

from __future__ import annotations

import ctypes

import llama_cpp.llama_cpp as cpp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat.agents.grammar import decision_grammar, distillation_grammar, facts_grammar
from memchat.engine import native
from memchat.engine.vocabulary import Vocabulary
from memchat.weights.discover import find_model
from tests.training.support import embedded_base
from training.grammar.gbnf import compile_grammar
from training.grammar.tokens import Allowed, Follower, TokenTable, allowed_along

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
PREFIXES = {
    decision_grammar(12): ("", "A", "UPDATE 1", "UPDATE 12: ", "UPDATE 2: é", "DELETE 1", "NOOP"),
    facts_grammar(): ("", "NONE", "N", "The user", "The user\n", "日本\nThe", "a b\n" * 5 + "a b"),
    distillation_grammar(23, 3): ("", "Using: ", "Using: 2", "Using: 2, 1, 7", "Using: none"),
}
CASES = [(grammar, prefix) for grammar, prefixes in PREFIXES.items() for prefix in prefixes]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(native.load_model(find_model("")))


@pytest.fixture(scope="module")
def table() -> TokenTable:
    return TokenTable.of(embedded_base().vocabulary)


def llama_allows(vocabulary: Vocabulary, grammar: str, tokens: list[int]) -> Allowed:
    """What llama.cpp's own grammar admits after `tokens`."""
    sampler = cpp.llama_sampler_init_grammar(vocabulary.pointer, grammar.encode(), b"root")
    for token in tokens:
        cpp.llama_sampler_accept(sampler, token)
    candidates = np.zeros(vocabulary.size, dtype=_CANDIDATE)
    candidates["id"], candidates["logit"] = np.arange(vocabulary.size), 1.0
    data = candidates.ctypes.data_as(cpp.llama_token_data_p)
    array = cpp.llama_token_data_array(data, vocabulary.size, -1, False)
    cpp.llama_sampler_apply(sampler, ctypes.byref(array))
    cpp.llama_sampler_free(sampler)
    allowed: Allowed = np.isfinite(candidates["logit"])
    return allowed


@pytest.mark.parametrize(("grammar", "prefix"), CASES)
def test_the_same_tokens_may_follow_as_in_llama_cpp(
    vocabulary: Vocabulary, table: TokenTable, grammar: str, prefix: str
) -> None:
    tokens = vocabulary.tokenise(prefix)
    follower = Follower(table, grammar)
    for token in tokens:
        follower.take(token)
    wanted = llama_allows(vocabulary, grammar, tokens)
    assert follower.allowed[table.end] == wanted[table.end]
    # llama.cpp spells special tokens out inside free text; training never samples one.
    plain = np.array([bool(piece) for piece in table.pieces])
    assert not np.flatnonzero(plain & (wanted != follower.allowed)).size


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("ADD", True),
        ("NOOP", True),
        ("DELETE 3", True),
        ("DELETE 4", False),
        ("DELETE 0", False),
        ("UPDATE 2: The user has two dogs.", True),
        ("UPDATE 2: Zoë lives in 東京.", True),
        ("UPDATE 2: ", False),
        ("UPDATE 2:  two spaces", False),
        ("UPDATE 2: two\nlines", False),
        ("ADD ", False),
        ("", False),
    ],
)
def test_a_decision_is_valid_or_not(text: str, valid: bool) -> None:
    assert compile_grammar(decision_grammar(3)).accepts(text) is valid


@given(st.lists(st.text(st.characters(min_codepoint=0x21), min_size=2), min_size=1, max_size=8))
def test_up_to_six_lines_of_facts_are_valid(lines: list[str]) -> None:
    text = "\n".join(lines)
    held = all("\x7f" not in line and "\ud800" not in line for line in lines)
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates: no model can write them
        return
    assert compile_grammar(facts_grammar()).accepts(text) is (held and len(lines) <= 6)


@pytest.mark.parametrize(
    ("body", "yes", "no"),
    [
        ('"a"* "b"', ["b", "aab"], ["", "a", "ba"]),
        ('"a"+', ["a", "aaa"], ["", "ab"]),
        ('"a"? "b"', ["b", "ab"], ["aab"]),
        ('"ab"{2}', ["abab"], ["ab", "ababab"]),
        ('"a"{2,}', ["aa", "aaaa"], ["a"]),
        ('("a" | "bc"){1,2}', ["a", "bca", "bcbc"], ["", "abca"]),
        ("[a-c_-]", ["b", "_", "-"], ["d", "", "ab"]),
        (r'"\"\n\x41"', ['"\nA'], ["A"]),
    ],
)
def test_each_piece_of_the_notation(body: str, yes: list[str], no: list[str]) -> None:
    automaton = compile_grammar(f"root ::= {body}")
    assert all(map(automaton.accepts, yes))
    assert not any(map(automaton.accepts, no))


@pytest.mark.parametrize(
    "grammar",
    [
        "",
        "root = 1",
        "root ::= other",
        "root ::= (root)",
        'root ::= ("a"',
        'root ::= "a")',
        "root ::= +",
        "root ::= [é]",
        "root ::= ~",
    ],
)
def test_what_is_no_regular_gbnf_is_refused(grammar: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        compile_grammar(grammar)


def test_what_was_allowed_along_a_completion(table: TokenTable) -> None:
    tokens = embedded_base().vocabulary.completion("DELETE 2")
    rows = allowed_along(table, decision_grammar(3), tokens)
    assert rows.shape == (len(tokens), len(table.pieces))
    assert rows[range(len(tokens)), tokens].all()
    assert [table.pieces[token] for token in np.flatnonzero(rows[-2])] == [b"1", b"2", b"3"]
    assert np.flatnonzero(rows[-1]).tolist() == [table.end]
