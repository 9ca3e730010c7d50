"""The lines of a first run."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat import machine
from memchat.welcome import welcome_lines


def test_a_machine_with_memory_is_told_of_a_better_model(
    monkeypatch: pytest.MonkeyPatch, memchat_home: Path
) -> None:
    monkeypatch.setattr(machine, "physical_memory", lambda: 16_000_000_000)
    where, better = welcome_lines("")
    assert str(memchat_home) in where
    assert better == (
        "A better model for this machine: memchat models pull --use "
        "(qwen3-4b-instruct-2507, 2.5 GB, Apache-2.0)"
    )


@pytest.mark.parametrize(
    ("memory", "model"), [(2_000_000_000, ""), (None, ""), (16_000_000_000, "mine.gguf")]
)
def test_others_are_not(monkeypatch: pytest.MonkeyPatch, memory: int | None, model: str) -> None:
    monkeypatch.setattr(machine, "physical_memory", lambda: memory)
    assert len(welcome_lines(model)) == 1
