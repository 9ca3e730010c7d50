"""A bank, a scripted engine and an app over both, with time standing still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.config import Settings
from memchat.tui.app import MemchatApp
from tests.fakes import FakeEngine

NOW = datetime(2026, 3, 14, 15, 0, tzinfo=timezone(timedelta(hours=1)))


def clock() -> datetime:
    return NOW


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    bank = Bank.open(tmp_path / "memchat.db")
    yield bank
    bank.close()


@pytest.fixture
def app(bank: Bank, fake_engine: FakeEngine) -> MemchatApp:
    return make_app(bank, fake_engine)


def make_app(bank: Bank, engine: FakeEngine, chat_id: int | None = None) -> MemchatApp:
    """An app whose first session runs on `engine`; one that follows gets an engine of its own."""
    prepared = [engine]

    def make_assistant(bank: Bank, _model: str) -> Assistant:
        used = prepared.pop() if prepared else FakeEngine()
        return Assistant(bank, used, Settings(), clock=clock)

    return MemchatApp(bank, make_assistant, chat_id, now=clock)
