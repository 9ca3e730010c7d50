"""A small catalogue, whose one download is served on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.weights.file_server import FileServer, catalogue_of, serving


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as server:
        yield server


@pytest.fixture
def tiny_catalogue(server: FileServer, tmp_path: Path) -> Iterator[FileServer]:
    with catalogue_of(server, tmp_path):
        yield server
