"""kill -9 at random moments of 200 turns: whatever was acknowledged is there afterwards."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from tests.reliability.program import fact

TURNS = 200
ROOT = Path(__file__).parent.parent.parent


def run(database: Path, seconds: float | None) -> list[list[str]]:
    """What the program acknowledged before it was killed, or before it ended by itself."""
    command = [sys.executable, "-m", "tests.reliability.program", str(database), str(TURNS)]
    program = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    lines = []
    if seconds is not None:
        lines.append(program.stdout.readline())  # it has begun: now every moment is a good one
        time.sleep(seconds)
        program.kill()
    lines += program.stdout.readlines()
    program.wait()
    if seconds is None:
        assert program.returncode == 0
    return [line.split() for line in lines if line.endswith("\n")]


def check(bank: Bank, acknowledged: list[list[str]]) -> None:
    events = {event.id for event in bank.events(limit=10_000)}
    for kind, row, *more in acknowledged:
        if kind == "decided":
            assert int(row) in events
            bank.memory(int(more[0]))
        else:
            message = bank.message(int(row))
            assert kind == "answered" or message.text == fact(int(more[0]))
    assert bank.integrity() == []


@pytest.mark.timeout(120)
def test_acknowledged_messages_and_operations_survive_kill_9(tmp_path: Path) -> None:
    database = tmp_path / "bank" / "memchat.db"
    moments = random.Random(7)
    acknowledged: list[list[str]] = []
    for _ in range(6):
        acknowledged += run(database, moments.uniform(0.02, 0.35))
        with Bank.open(database) as bank:
            check(bank, acknowledged)
    acknowledged += run(database, None)

    with Bank.open(database) as bank:
        check(bank, acknowledged)
        (chat,) = bank.chats()
        users = [message for message in bank.messages(chat.id) if message.role == "user"]
        assert [message.text for message in users] == [fact(number) for number in range(TURNS)]
        assert {message.memory_state for message in users} == {MemoryState.DONE}
        texts = sorted(memory.text for memory in bank.memories())
        assert texts == sorted(fact(number) for number in range(TURNS))
