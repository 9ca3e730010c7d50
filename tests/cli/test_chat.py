"""Which front end opens: the full screen where there is one, else line by line."""

from __future__ import annotations

import sys
from typing import ClassVar

import pytest

from memchat import presence
from memchat.bank.bank import Bank
from memchat.cli import chat
from tests.cli.conftest import Result, Run, Terminal


class FakeApp:
    """Stands in for MemchatApp: notes how it was started."""

    started: ClassVar[list[int | None]] = []
    return_code = 0

    def __init__(
        self,
        bank: Bank | None,
        *,
        make_assistant: object,
        private_bank: object,
        chat_id: int | None = None,
    ) -> None:
        assert bank is None or bank.path.exists()
        assert callable(private_bank)
        assert callable(make_assistant)
        self.incognito = bank is None
        self.started.append(chat_id)

    def run(self) -> None:
        assert presence.others_running() is not self.incognito


@pytest.fixture
def full_screens(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The chats that full screens were opened with."""
    monkeypatch.setattr("memchat.tui.app.MemchatApp", FakeApp)
    monkeypatch.setattr(FakeApp, "started", [])
    return FakeApp.started


@pytest.fixture
def in_terminal(
    memchat: Run, monkeypatch: pytest.MonkeyPatch, full_screens: list[int | None]
) -> Run:
    """A command on a terminal that is fit for a full screen; nothing is typed."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(chat, "_read_typed", lambda _prompt: None)

    def command(*arguments: str, typed: bytes | None = b"") -> Result:
        monkeypatch.setattr(sys, "stdout", Terminal())
        return memchat(*arguments, typed=typed)

    return command


def test_a_terminal_gets_the_full_screen(in_terminal: Run, full_screens: list[int | None]) -> None:
    assert in_terminal().code == 0
    assert full_screens == [None]


def test_incognito_has_a_full_screen_too(in_terminal: Run, full_screens: list[int | None]) -> None:
    assert in_terminal("--incognito").code == 0
    assert full_screens == [None]


def test_a_chat_is_resumed_there(
    in_terminal: Run, full_screens: list[int | None], bank: Bank
) -> None:
    first, second = bank.create_chat(), bank.create_chat()
    in_terminal("--continue")
    in_terminal("--resume", str(first.id))
    assert full_screens == [second.id, first.id]
    assert in_terminal("--resume", "99").code == 2


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--plain"], {}),
        (["--plain", "--incognito"], {}),
        ([], {"TERM": "dumb"}),
        ([], {"TERM": ""}),
        ([], {"COLUMNS": "59"}),
    ],
    ids=["asked for", "incognito", "dumb terminal", "no terminal type", "narrow"],
)
def test_elsewhere_it_is_line_by_line(
    in_terminal: Run,
    full_screens: list[int | None],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert in_terminal(*arguments).code == 0
    assert full_screens == []


def test_with_one_end_in_a_pipe_it_is_line_by_line(
    in_terminal: Run, memchat: Run, full_screens: list[int | None]
) -> None:
    assert memchat(typed=b"").code == 0
    assert in_terminal(typed=None).code == 0
    assert full_screens == []


def test_a_full_screen_that_fails_fails_the_command(
    in_terminal: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeApp, "return_code", 3)
    assert in_terminal().code == 3
