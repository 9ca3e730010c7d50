"""Runs commands in this process, with a fake engine and streams of our own."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from memchat import paths
from memchat.__main__ import run
from memchat.bank.bank import Bank
from memchat.cli import session
from memchat.engine.protocol import Role
from tests.fakes import FakeEngine


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """Each test logs into its own home."""
    logger = logging.getLogger("memchat")
    yield
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine of every command of the test: it finds no facts unless told otherwise."""
    engine = FakeEngine(default_replies={Role.MEMORY: "NONE"})

    def opened(_settings: object) -> FakeEngine:
        engine.closed = False
        return engine

    monkeypatch.setattr(session, "open_engine", opened)
    return engine


@pytest.fixture
def memchat(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], engine: FakeEngine
) -> Run:
    """`memchat("memory", "list", stdin=b"...")`: one command, its exit code and its output.

    `typed` makes stdin a terminal.
    """

    def command(*arguments: str, stdin: bytes = b"", typed: bytes | None = None) -> Result:
        piped = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", piped if typed is None else Terminal(typed))
        capsys.readouterr()
        code = run(arguments)
        streams = capsys.readouterr()
        return Result(code, streams.out, streams.err)

    return command


@pytest.fixture
def bank(memchat_home: Path) -> Iterator[Bank]:
    """The bank that the commands work on."""
    with Bank.open(paths.database_file()) as bank:
        yield bank
