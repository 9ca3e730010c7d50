"""Fixtures for every test: a home of its own, and a fake engine."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.fakes import FakeEngine


@pytest.fixture(autouse=True, scope="session")
def obey_interrupts() -> None:
    """A shell starts background jobs with Ctrl+C ignored, which our child processes inherit."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def memchat_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the data of whoever runs it."""
    home = tmp_path / "memchat-home"
    monkeypatch.setenv("MEMCHAT_HOME", str(home))
    monkeypatch.delenv("MEMCHAT_PROFILE", raising=False)
    return home


@pytest.fixture
def fake_engine() -> FakeEngine:
    return FakeEngine()
