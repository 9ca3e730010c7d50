"""memchat ingest: what it prints, and that kill -9 neither loses nor doubles a turn."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from memchat.cli import session
from tests.cli.conftest import Run, Terminal
from tests.ingest.echo import EchoManager

TURNS = 30
THINGS = ["anchor", "basil", "candle", "dune", "ember", "fjord", "glacier", "harbour", "iris"]


@pytest.fixture(autouse=True)
def echo(engine: object, monkeypatch: pytest.MonkeyPatch) -> EchoManager:
    """Instead of the engine that needs a script."""
    echo = EchoManager()

    def opened(_settings: object) -> EchoManager:
        echo.closed = False
        return echo

    monkeypatch.setattr(session, "open_engine", opened)
    return echo


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A conversation whose turns are all different, a day apart."""
    picker = random.Random(1)
    turns = (
        {"role": "user", "speaker": "Ana", "text": sentence(n, picker), "date": day(n)}
        for n in range(TURNS)
    )
    path = tmp_path / "talk.jsonl"
    path.write_text("\n".join(json.dumps(turn) for turn in turns))
    return path


def sentence(number: int, picker: random.Random) -> str:
    return f"Number {number}: {' '.join(picker.sample(THINGS, 5))}."


def day(number: int) -> str:
    return f"2023-05-{number + 1:02}"


def test_the_report_counts_turns_facts_operations_and_seconds(memchat: Run, file: Path) -> None:
    report = memchat("ingest", str(file), "--json").json
    assert (report["turns"], report["facts"], report["turns_finished_now"]) == (30, 30, 30)
    assert report["operations"] == {"ADD": 30}
    assert report["memories"] == {"active": 30, "superseded": 0, "deleted": 0}
    assert {"extract", "decide", "embed"} <= set(report["seconds"])
    dates = [memory["valid_from"][:10] for memory in memchat("memory", "list", "--json").json]
    assert dates == [day(number) for number in reversed(range(TURNS))]


def test_in_a_pipe_progress_is_plain_lines_on_stderr(memchat: Run, file: Path) -> None:
    result = memchat("ingest", str(file))
    assert result.err == "talk: 10 of 30\ntalk: 20 of 30\ntalk: 30 of 30\n"
    assert result.out.startswith("30 turns, 30 of them now, 30 facts\noperations: ADD 30\n")
    assert memchat("ingest", str(file)).out.startswith("30 turns, 0 of them now, 30 facts\n")


def test_on_a_terminal_progress_is_a_bar(
    memchat: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    renamed = file.rename(file.with_name("talk [bold]\x1b].jsonl"))
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert memchat("ingest", str(renamed)).code == 0
    stderr.seek(0)
    shown = stderr.read()
    assert "talk [bold]␛] " in shown
    assert "30/30" in shown


def test_a_failed_turn_is_told_and_the_exit_code_says_so(
    memchat: Run, file: Path, echo: EchoManager
) -> None:
    echo.fail_on = "Number 7:"
    result = memchat("ingest", str(file))
    assert result.code == 1
    assert "Message 8 failed: The model broke." in result.err
    assert "Run the same command again" in result.err


@pytest.mark.parametrize(
    ("text", "code", "complaint"),
    [
        ('{"role": "user", "text": "a"}\n{"role": 1}', 1, 'line 2: "role" must be'),
        ("", 1, "the file is empty"),
        ("[]", 1, "neither LoCoMo"),
    ],
)
def test_a_malformed_file_is_refused_before_anything_is_stored(
    memchat: Run, tmp_path: Path, bank: Bank, text: str, code: int, complaint: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    result = memchat("ingest", str(path))
    assert (result.code, result.out) == (code, "")
    assert f"memchat: {path}" in result.err
    assert complaint in result.err
    assert bank.chats() == []


def test_a_missing_file_is_a_usage_error(memchat: Run, tmp_path: Path) -> None:
    assert memchat("ingest", str(tmp_path / "nothing")).code == 2


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(file: Path) -> Start:
    def program() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.cli.program", "ingest", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOKEN_DELAY": "0.004"},
        )

    return program


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(start: Start, bank: Bank) -> None:
    with start() as process:
        wait_for_turns(bank, 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Run the same command again" in err
    assert "Traceback" not in err
    assert 3 <= int(out.split(" turns")[0]) < TURNS


def test_kill_9_loses_and_doubles_nothing(start: Start, bank: Bank) -> None:
    for turns in (2, 9, 16, 23):
        with start() as process:
            wait_for_turns(bank, turns)
            process.kill()
    with start() as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("30 turns, ")
    messages = bank.messages(1)
    assert len(messages) == len({message.external_id for message in messages}) == TURNS
    assert {message.memory_state for message in messages} == {MemoryState.DONE}
    assert sorted(memory.text for memory in bank.memories()) == sorted(m.text for m in messages)
    assert bank.integrity() == []


def wait_for_turns(bank: Bank, turns: int) -> None:
    """Until that many are stored, wherever in the last one that is."""
    deadline = time.monotonic() + 20
    while not (bank.chats() and bank.chats()[0].messages >= turns):
        assert time.monotonic() < deadline
        time.sleep(0.005)
