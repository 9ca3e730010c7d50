from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from tests.bank.builders import DIMENSION, MODEL


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "memchat.db"


@pytest.fixture
def bank(path: Path) -> Iterator[Bank]:
    with Bank.open(path) as bank:
        bank.claim_embedding(MODEL, DIMENSION)
        yield bank
        assert bank.integrity() == []
