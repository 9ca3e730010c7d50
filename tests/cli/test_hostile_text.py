"""Text from people, models and files neither acts on the terminal nor is taken for markup."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from memchat.engine.protocol import Role
from memchat.errors import EngineError
from tests.cli.conftest import Run, Terminal
from tests.fakes import FakeEngine

HOSTILE = "[bold red]x[/] \x1b[31m\x1b]0;owned\x07\x9b2J\u202e:smile: [link=https://evil]y"
SHOWN = "[bold red]x[/] ␛[31m␛]0;owned␇\ufffd2J:smile: [link=https://evil]y"
COMMANDS = [
    ["memory", "list"],
    ["memory", "list", "--json"],
    ["memory", "show", "1"],
    ["memory", "history"],
    ["memory", "search", HOSTILE],
    ["memory", "why"],
    ["memory", "edit", "1", HOSTILE],
    ["memory", "rm", "1"],
    ["chats", "list"],
    ["chats", "show", "1"],
    ["chats", "show", "1", "--json"],
    ["chats", "search", "owned"],
    ["chats", "export", "1"],
    ["chats", "rename", "1", HOSTILE],
    ["chats", "rm", "1", "--yes"],
    ["models", "pull", HOSTILE],
    ["models", "use", HOSTILE],
    ["config", "set", "model", HOSTILE],
    ["--profile", HOSTILE, "paths"],
    ["ask", HOSTILE],
    ["ask", HOSTILE, "--json"],
    ["memory", "nothing" + HOSTILE],
    ["ingest", HOSTILE],
    ["doctor", "--model", HOSTILE],
]


@pytest.fixture
def hostile(memchat: Run, engine: FakeEngine) -> None:
    """The user, the assistant and the manager all say it."""
    engine.default_replies[Role.ANSWER] = HOSTILE
    engine.enqueue(HOSTILE, role=Role.MEMORY)
    engine.enqueue("Hm.", EngineError(HOSTILE, HOSTILE))
    memchat("--plain", stdin=HOSTILE.encode() + b"\nagain\n")
    engine.enqueue("1, 2\n", HOSTILE)
    memchat("ask", HOSTILE)
    engine.enqueue("1\n")


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2])[:20])
@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_no_output_acts(
    memchat: Run, monkeypatch: pytest.MonkeyPatch, command: list[str], terminal: bool
) -> None:
    streams = {name: Terminal() for name in ("stdout", "stderr")} if terminal else {}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    result = memchat(*command)
    written = result.out + result.err
    for stream in streams.values():
        stream.seek(0)
        written += stream.read()
    assert not set(written) & set("\x1b\x07\x9b\u202e")
    assert "[bold red]x[/" in written


def test_the_line_mode_shows_what_was_there(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue(HOSTILE)
    engine.enqueue(HOSTILE, role=Role.MEMORY)
    assert memchat(stdin=b"Hi\n").out == f"Assistant: {SHOWN}\nMemory: + {SHOWN} (added)\n"


def test_ingested_text_too(memchat: Run, tmp_path: Path) -> None:
    path = tmp_path / f"talk{chr(27)}[31m.jsonl"
    path.write_text('{"role": "user", "text": "\\u001b[31m"}\n{"role": "user"}\n')
    result = memchat("ingest", str(path))
    assert result.code == 1
    assert "␛[31m.jsonl, line 2" in result.err
    assert "\x1b" not in result.err
