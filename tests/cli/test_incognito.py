"""--incognito: nothing read, nothing saved, not a byte more on the disk."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memchat import paths, presence
from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.cli import session
from memchat.config import Settings
from memchat.engine.protocol import Role
from tests.cli.conftest import Run
from tests.fakes import FakeEngine

Files = dict[str, tuple[int, int, int]]
TYPED = b"I live in Porto.\n/chats\n/memory on\n/remember Likes tea.\nWhere do I live?\n/quit\n"


def files(folder: Path) -> Files:
    """Every file below: its size and the times of its last change."""
    stats = {str(path): path.stat() for path in folder.rglob("*")}
    return {
        name: (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats.items()
    }


@pytest.fixture
def used_home(memchat_home: Path, engine: FakeEngine) -> Files:
    """A home with a memory and a chat in it."""
    with Bank.open(paths.database_file()) as bank:
        Assistant(bank, engine, Settings()).remember("The user lives in Porto.")
        bank.create_chat(title="An earlier one")
    engine.embedded.clear()
    return files(memchat_home)


def test_the_line_mode_reads_and_writes_nothing(
    memchat: Run, engine: FakeEngine, memchat_home: Path, used_home: Files
) -> None:
    result = memchat("--incognito", "--plain", typed=TYPED)
    assert result.code == 0
    assert result.err.startswith("Incognito: nothing is read, nothing is saved.\n")
    assert result.out.startswith("You (incognito): Assistant: ")
    assert result.err.count("Error: Incognito: no memory is read or written.") == 2
    assert "An earlier one" not in result.out
    assert files(memchat_home) == used_home
    assert engine.embedded == []
    prompts = [each.messages for each in engine.requests]
    assert all(each.role is Role.ANSWER for each in engine.requests)
    assert "The user lives in Porto." not in str(prompts)
    assert "I live in Porto." in str(prompts[-1])  # within the chat it is a conversation


def test_ask_reads_and_writes_nothing(
    memchat: Run, engine: FakeEngine, memchat_home: Path, used_home: Files
) -> None:
    engine.enqueue("In Porto, perhaps.")
    result = memchat("ask", "--incognito", "Where do I live?", "--json")
    assert result.json["answer"] == "In Porto, perhaps."
    assert result.json["used"] == []
    assert files(memchat_home) == used_home


@pytest.mark.parametrize("arguments", [["--incognito"], ["ask", "--incognito", "Who am I?"]])
def test_a_home_that_is_not_there_is_not_made(
    memchat: Run, memchat_home: Path, arguments: list[str]
) -> None:
    assert memchat(*arguments, stdin=b"Hello\n").code == 0
    assert not memchat_home.exists()


def test_a_failure_is_not_logged_either(
    memchat: Run, engine: FakeEngine, memchat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Assistant, *_arguments: object) -> None:
        logging.getLogger("memchat").warning("I live in Porto.")
        raise RuntimeError("a bug")

    monkeypatch.setattr(Assistant, "submit", fail)
    result = memchat("--incognito", stdin=b"Hello\n")
    assert result.code == 1
    assert "MEMCHAT_DEBUG" in result.err
    assert not memchat_home.exists()


def test_nobody_is_told_that_it_runs(memchat: Run, memchat_home: Path, bank: Bank) -> None:
    with session.open_assistant(Settings(), incognito=True):
        assert not presence.others_running()


def test_the_bank_ends_with_the_block() -> None:
    with session.open_incognito() as bank:
        bank.create_chat(title="A secret")
    with session.open_incognito() as bank:
        assert bank.chats() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--incognito", "--continue"],
        ["--incognito", "--resume", "1"],
        ["--incognito", "memory", "list"],
        ["ask", "--incognito", "--remember", "I live in Porto."],
    ],
)
def test_what_makes_no_sense_is_refused(
    memchat: Run, engine: FakeEngine, memchat_home: Path, arguments: list[str]
) -> None:
    result = memchat(*arguments, stdin=b"")
    assert (result.code, result.out) == (2, "")
    assert "--incognito" in result.err
    assert not memchat_home.exists()


def test_the_real_engine_leaves_nothing(memchat_home: Path, used_home: Files) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "memchat", "ask", "--incognito", "Say hello."],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert files(memchat_home) == used_home
