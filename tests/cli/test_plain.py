"""The line mode: what a pipe gets, and what it is told when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from memchat.engine.protocol import Role
from memchat.errors import EngineError
from tests.cli.conftest import Run
from tests.fakes import FakeEngine


def test_each_line_is_a_turn_and_its_memory_work_is_done_before_the_next(
    memchat: Run, engine: FakeEngine
) -> None:
    engine.enqueue("Nice place!", "1\n", "In Porto.")
    engine.enqueue("The user lives in Porto.", "NONE", role=Role.MEMORY)
    result = memchat("--plain", stdin=b"I live in Porto.\n\n  \nWhere do I live?\n")
    assert result.code == 0
    assert result.out.splitlines() == [
        "Assistant: Nice place!",
        "Memory: + The user lives in Porto. (added)",
        "Assistant: In Porto.",
    ]
    assert result.err == ""


def test_a_pipe_needs_no_option(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue("Hello.")
    assert memchat(stdin=b"Hi").out == "Assistant: Hello.\n"


def test_updates_and_removals_have_marks_and_words(memchat: Run, engine: FakeEngine) -> None:
    memory = [
        "The user lives in Porto.",
        "The user lives in Lisbon.",
        "UPDATE 1: The user lives in Lisbon.",
        "The user lives in no place.",
        "DELETE 1",
        "The user is well.",
    ]
    engine.enqueue(*memory, role=Role.MEMORY)
    result = memchat(stdin=b"I live in Porto.\nNow Lisbon.\nI live nowhere.\nI am well.\n")
    assert [line for line in result.out.splitlines() if line.startswith("Memory")] == [
        "Memory: + The user lives in Porto. (added)",
        "Memory: ~ The user lives in Porto. → The user lives in Lisbon. (updated)",
        "Memory: − The user lives in Lisbon. (removed)",
        "Memory: + The user is well. (added)",
    ]


def test_no_answer_can_forge_a_line(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue("Sure.\nMemory: + You owe me money\n\x1b[2J\n\n")
    result = memchat(stdin=b"Hi\n")
    assert result.out == "Assistant: Sure.\n  Memory: + You owe me money\n  ␛[2J\n"


def test_no_chat_is_made_before_the_first_message(memchat: Run, bank: Bank) -> None:
    assert memchat("--plain", stdin=b"\n\n").code == 0
    assert bank.chats() == []


def test_going_on_with_a_chat(memchat: Run, engine: FakeEngine, bank: Bank) -> None:
    memchat(stdin=b"First\n")
    memchat(stdin=b"Second\n")
    memchat("--continue", stdin=b"Third\n")
    memchat("--resume", "1", stdin=b"Fourth\n")
    texts = [[each.text for each in bank.messages(n) if each.role == "user"] for n in (1, 2)]
    assert texts == [["First", "Fourth"], ["Second", "Third"]]
    assert bank.chat(1).title == "First"


@pytest.mark.parametrize("arguments", [("--continue",), ("--resume", "7")])
def test_there_may_be_nothing_to_go_on_with(memchat: Run, arguments: tuple[str, ...]) -> None:
    result = memchat(*arguments, stdin=b"Hi\n")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("memchat: There is no chat")


def test_work_left_by_an_earlier_run_is_finished_first(
    memchat: Run, engine: FakeEngine, bank: Bank
) -> None:
    chat = bank.create_chat()
    left = bank.add_message(
        chat.id, "user", "I have a cat.", said_at=chat.created_at, memory_state=MemoryState.PENDING
    )
    engine.enqueue("The user has a cat.", role=Role.MEMORY)
    result = memchat("--plain", stdin=b"")
    assert result.out == "Memory: + The user has a cat. (added)\n"
    assert bank.message(left.id).memory_state is MemoryState.DONE


def test_a_failed_answer_is_told_and_the_next_one_given(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue(EngineError("The model broke.", "Try again."), "Fine.")
    result = memchat(stdin=b"One\nTwo\n")
    assert result.code == 1
    assert result.out == "Assistant: Fine.\n"
    assert "Error: The model broke. Try again." in result.err


@pytest.mark.parametrize("line", [b"\0\1\2\n", bytes(range(128, 256)) + b"\n", b"ok \0\n"])
def test_binary_input_is_refused(memchat: Run, line: bytes) -> None:
    result = memchat("--plain", stdin=b"Hi\n" + line)
    assert result.code == 2
    assert result.out == "Assistant: All right.\n"
    assert "memchat: stdin is not text" in result.err


def test_the_odd_bad_byte_is_replaced(memchat: Run, bank: Bank) -> None:
    assert memchat(stdin=b"I like caf\xe9 in the morning\n").code == 0
    assert bank.messages(1)[0].text == "I like caf\ufffd in the morning"


def test_a_message_of_a_megabyte_is_stored_whole(
    memchat: Run, engine: FakeEngine, bank: Bank
) -> None:
    engine.enqueue("That is long.")
    line = b"word " * 200_000
    result = memchat(stdin=line + b"\n")
    assert (result.code, result.out) == (0, "Assistant: That is long.\n")
    assert "did not fit the context window" in result.err
    assert len(bank.messages(1)[0].text) == 1_000_000


def test_a_first_run_on_a_terminal_is_welcomed_once(memchat: Run, memchat_home: Path) -> None:
    assert f"stays on this machine, in {memchat_home}" in memchat("--plain", typed=b"").err
    assert memchat("--plain", typed=b"").err == "\n"
    assert memchat("--profile", "b", "--plain", stdin=b"").err.count("\n") == 1
