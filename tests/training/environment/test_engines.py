"""What was worked out once is never worked out again; some requests are answered by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memchat.engine.protocol import ChatMessage, GenerateRequest, Role, Sampling, complete
from memchat.errors import EngineCrashedError
from tests.fakes import FakeEngine
from training.environment.engines import Interposer, RememberingEngine

ASKED = GenerateRequest(Role.MEMORY, (ChatMessage("user", "Which?"),))


def remembering(tmp_path: Path, name: str = "weights") -> tuple[FakeEngine, RememberingEngine]:
    inner = FakeEngine()
    return inner, RememberingEngine(inner, tmp_path / "cache" / "replies.db", name)


def test_the_same_request_gets_the_same_reply_also_after_a_restart(tmp_path: Path) -> None:
    inner, engine = remembering(tmp_path)
    inner.enqueue("ADD", role=Role.MEMORY)
    assert [complete(engine, ASKED).text for _ in range(3)] == ["ADD"] * 3
    engine.close()
    inner, engine = remembering(tmp_path)
    assert complete(engine, ASKED).text == "ADD"
    assert inner.requests == []
    assert (engine.hits, engine.misses) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, grammar='root ::= "ADD"'),
        replace(ASKED, prefill="U"),
        replace(ASKED, max_tokens=9),
        replace(ASKED, messages=(ChatMessage("system", "Which?"),)),
    ],
)
def test_another_request_is_another_one(tmp_path: Path, other: GenerateRequest) -> None:
    inner, engine = remembering(tmp_path)
    inner.enqueue("ADD", "NOOP", role=Role.MEMORY)
    assert complete(engine, ASKED).text == "ADD"
    assert complete(engine, other).text == "NOOP"


def test_other_weights_know_nothing_of_these(tmp_path: Path) -> None:
    for name, reply in (("old", "ADD"), ("new", "NOOP")):
        inner, engine = remembering(tmp_path, name)
        inner.enqueue(reply, role=Role.MEMORY)
        assert complete(engine, ASKED).text == reply
        engine.close()


def test_a_sampled_reply_is_not_kept(tmp_path: Path) -> None:
    inner, engine = remembering(tmp_path)
    inner.enqueue("ADD", "NOOP", role=Role.MEMORY)
    warm = replace(ASKED, sampling=Sampling(temperature=0.7))
    assert [complete(engine, warm).text for _ in range(2)] == ["ADD", "NOOP"]


def test_a_reply_that_was_cut_off_stays_so(tmp_path: Path) -> None:
    inner, engine = remembering(tmp_path)
    inner.enqueue("one two three", role=Role.MEMORY)
    short = replace(ASKED, max_tokens=2)
    assert [complete(engine, short).truncated for _ in range(2)] == [True, True]


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    inner, engine = remembering(tmp_path)
    inner.crash_next()
    with pytest.raises(EngineCrashedError):
        complete(engine, ASKED)
    inner.enqueue("ADD", role=Role.MEMORY)
    assert complete(engine, ASKED).text == "ADD"


def test_vectors_are_kept_too(tmp_path: Path) -> None:
    inner, engine = remembering(tmp_path)
    wanted = inner.embed(["a cat", "a dog"])
    inner.embedded.clear()
    assert np.array_equal(engine.embed(["a cat", "a dog", "a cat"]), wanted[[0, 1, 0]])
    assert inner.embedded == ["a cat", "a dog"]
    engine.close()
    inner, engine = remembering(tmp_path)
    assert np.array_equal(engine.embed(["a dog"]), wanted[1:])
    assert inner.embedded == []
    assert engine.embed([]).shape == (0, inner.dimension)


def test_one_request_is_answered_by_hand_and_the_rest_passed_on() -> None:
    inner = FakeEngine()
    inner.enqueue("NOOP", role=Role.MEMORY)
    engine = Interposer(inner)
    engine.given = {ASKED: ("UPDATE 1: cut", "length")}
    given, passed = complete(engine, ASKED), complete(engine, replace(ASKED, slot=1))
    assert (given.text, given.truncated) == ("UPDATE 1: cut", True)
    assert (passed.text, passed.truncated) == ("NOOP", False)
    assert [request.slot for request in engine.asked] == [0, 1]
