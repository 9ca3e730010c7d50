"""The bookkeeping of the KV cache, below the level at which a generation shows it."""

from __future__ import annotations

import pytest

from memchat.engine.context import AbortedError, AbortFlag, RoleContext
from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import Role
from tests.engine.helpers import ask, run


@pytest.fixture
def context(engine: LlamaEngine) -> RoleContext:
    """The memory role's context, its first slot empty."""
    context = engine.load_model()._context(Role.MEMORY)
    context._clear(0)
    return context


def test_a_set_flag_aborts_inside_the_decode(context: RoleContext) -> None:
    flag = AbortFlag()
    context.use_flag(flag)
    context.decode(0, [5, 6, 7])
    flag.set()
    with pytest.raises(AbortedError):
        context.decode(0, [8, 9])
    context.use_flag(AbortFlag())
    assert context.reuse(0, [5, 6, 7, 8, 9]) == 3
    assert context.extend(0, [5, 6, 7, 8, 9]) == 5


def test_the_last_token_of_a_prompt_is_always_evaluated(context: RoleContext) -> None:
    context.use_flag(AbortFlag())
    context.decode(0, [5, 6, 7])
    assert context.reuse(0, [5, 6, 7]) == 2
    assert context.reuse(0, [5, 9, 9]) == 1
    assert context.reuse(0, [9]) == 0


def test_a_model_that_cannot_go_back_evaluates_anew(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hybrid models refuse to drop a part of a sequence."""
    request = ask("Tell me about dogs.", max_tokens=8)
    before, _ = run(engine, request)
    monkeypatch.setattr(RoleContext, "_truncate", lambda *_: False)
    after, last = run(engine, request)
    assert after == before
    assert last.cached_tokens == 0
