"""Ctrl+C in a real process, and a conversation typed into a real pseudo-terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pexpect
import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Delivery

PROGRAM = ["-m", "tests.cli.program"]


@pytest.fixture
def terminal() -> Iterator[pexpect.spawn[str]]:
    environment = os.environ | {"TOKEN_DELAY": "0.02", "TERM": "dumb"}
    child = pexpect.spawn(
        sys.executable, PROGRAM, env=environment, encoding="utf-8", timeout=20, echo=False
    )
    yield child
    child.close(force=True)


def test_ctrl_c_stops_an_answer_in_a_pipe(bank: Bank) -> None:
    with subprocess.Popen(
        [sys.executable, *PROGRAM, "--plain"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TOKEN_DELAY": "0.05"},
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("Count!\n")
        process.stdin.flush()
        assert process.stdout.read(13) == "Assistant: 1 "
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr
        assert "Traceback" not in process.stderr.read()
    reply = bank.messages(1)[1]
    assert reply.delivery is Delivery.STOPPED
    assert reply.text.startswith("1 2")


def test_ctrl_c_stops_ask() -> None:
    with subprocess.Popen(
        [sys.executable, *PROGRAM, "ask", "Count!"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TOKEN_DELAY": "0.5"},
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_a_typed_conversation(terminal: pexpect.spawn[str], bank: Bank) -> None:
    terminal.expect_exact("You: ")
    terminal.sendline("I have a dog.")
    terminal.expect_exact("Loading the model…")
    terminal.expect_exact("Assistant: 1 2")
    terminal.expect_exact("Memory: + I have a dog. (added)")
    terminal.expect_exact("You: ")
    terminal.sendeof()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert [memory.text for memory in bank.memories()] == ["I have a dog."]


def test_ctrl_c_stops_the_answer_and_twice_quits(terminal: pexpect.spawn[str], bank: Bank) -> None:
    terminal.expect_exact("You: ")
    terminal.sendline("Count!")
    terminal.expect_exact("Assistant: 1 2")
    terminal.sendintr()
    terminal.expect_exact("Stopped.")
    terminal.expect_exact("You: ")
    terminal.sendline("Again!")
    terminal.expect_exact(" 40")  # readline may write "You: Again!" before the answer begins
    terminal.expect_exact("You: ")
    terminal.sendintr()
    terminal.expect_exact("Press Ctrl+C again to quit.")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert [each.delivery for each in bank.messages(1) if each.role == "assistant"] == [
        Delivery.STOPPED,
        Delivery.COMPLETE,
    ]
