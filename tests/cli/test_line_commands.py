"""Slash commands in the line mode: carried out or explained, and never sent to the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from memchat.commands import COMMANDS
from memchat.config import Settings
from memchat.engine.protocol import Role
from tests.cli.conftest import Result, Run
from tests.fakes import FakeEngine


@pytest.fixture
def talk(memchat: Run) -> Run:
    """Type lines into the line mode, as if on a terminal."""

    def typed(*lines: str) -> Result:
        return memchat("--plain", typed="".join(f"{line}\n" for line in lines).encode())

    return typed


@pytest.fixture
def porto(bank: Bank, engine: FakeEngine) -> int:
    event = Assistant(bank, engine, Settings()).remember("Lives in Porto.")
    assert event.memory_id is not None
    return event.memory_id


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_is_carried_out_or_explained(
    talk: Run, engine: FakeEngine, name: str
) -> None:
    for line in (f"/{name}", f"/{name} x"):
        result = talk(line)
        assert result.code == 0
        assert result.err or result.out != "You: You: \n"
    assert engine.requests == []


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [("/memroy on", "/memory"), ("/halp", "/help"), ("/etc/passwd", "//etc/passwd")],
)
def test_an_unknown_command_is_explained_and_never_sent(
    talk: Run, engine: FakeEngine, bank: Bank, line: str, suggestion: str
) -> None:
    result = talk(line, "Hello")
    assert suggestion in result.err
    assert [each.text for each in bank.messages(1) if each.role == "user"] == ["Hello"]


def test_in_a_pipe_it_ends_the_run(memchat: Run, bank: Bank) -> None:
    result = memchat(stdin=b"/memroy on\nHello\n")
    assert (result.code, result.out) == (2, "")
    assert "Did you mean /memory?" in result.err
    assert bank.chats() == []


def test_two_slashes_send_one(memchat: Run, bank: Bank) -> None:
    assert memchat(stdin=b"//etc/passwd is a file\n").code == 0
    assert bank.messages(1)[0].text == "/etc/passwd is a file"


def test_new_resume_and_rename(talk: Run, bank: Bank) -> None:
    talk("First", "/new", "Second", "/resume 1", "Third", "/rename The first one", "/resume")
    said = [[each.text for each in bank.messages(n) if each.role == "user"] for n in (1, 2)]
    assert said == [["First", "Third"], ["Second"]]
    assert bank.chat(1).title == "The first one"


def test_resuming_shows_where_it_was(talk: Run, engine: FakeEngine) -> None:
    engine.enqueue("Hi\nthere.")
    talk("Hello")
    assert talk("/resume 1").out.endswith("You: Hello\nAssistant: Hi\n  there.\nYou: ")
    assert "There is no chat 9" in talk("/resume 9").err
    assert "no number of a chat" in talk("/resume one").err


def test_chats_are_listed_with_the_one_at_hand(talk: Run) -> None:
    result = talk("First", "/new", "Second", "/chats")
    rows = [line.split("\t") for line in result.out.splitlines() if "\t" in line]
    assert [(row[0][-1:], row[1], row[3]) for row in rows] == [
        ("*", "2", "Second"),
        ("", "1", "First"),
    ]


@pytest.mark.parametrize(("answer", "left"), [("y", []), ("n", [1]), ("", [1])])
def test_deleting_a_chat_asks(talk: Run, bank: Bank, answer: str, left: list[int]) -> None:
    result = talk("First", "/delete", answer)
    assert "Delete this chat?" in result.err
    assert [chat.id for chat in bank.chats()] == left


def test_a_pipe_is_told_how_to_delete(memchat: Run, bank: Bank) -> None:
    result = memchat(stdin=b"First\n/delete\n")
    assert (result.code, len(bank.chats())) == (2, 1)
    assert "memchat chats rm 1 --yes" in result.err


def test_exporting_a_chat(talk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    talk("First things first!", "/export", "/export there.json", "/export there.json")
    assert "First things first!" in (tmp_path / "first-things-first.md").read_text()
    assert (tmp_path / "there.json").exists()


def test_regenerating_replaces_the_answer(talk: Run, engine: FakeEngine, bank: Bank) -> None:
    engine.enqueue("Bad.", "Better.")
    assert "Assistant: Better." in talk("Hello", "/regen").out
    assert [each.text for each in bank.messages(1)] == ["Hello", "Better."]


@pytest.mark.parametrize("command", ["/rename x", "/delete", "/export", "/regen"])
def test_what_needs_a_chat_says_so(talk: Run, command: str) -> None:
    assert "There is no chat yet. Say something first." in talk(command).err


def test_remembering_and_undoing(talk: Run, bank: Bank) -> None:
    result = talk("/remember Likes tea.", "/memory undo", "/memory log")
    lines = [line.removeprefix("You: ") for line in result.out.splitlines()]
    assert lines[:2] == ["Memory: + Likes tea. (added)", "Memory: ↶ Likes tea. (undone)"]
    assert lines[2:4] == ["Memory: + Likes tea. (added, undone)", lines[1]]
    assert bank.memories() == []


@pytest.mark.parametrize(
    ("mode", "reads", "writes"),
    [("on", True, True), ("pause", True, False), ("off", False, False)],
)
def test_the_memory_modes_do_what_they_say(
    talk: Run, engine: FakeEngine, bank: Bank, porto: int, mode: str, reads: bool, writes: bool
) -> None:
    engine.enqueue("The user has a dog.", "ADD", role=Role.MEMORY)
    talk(f"/memory {mode}", "I live in Porto with a dog.")
    prompts = str([each.messages for each in engine.requests if each.role is Role.ANSWER])
    assert ("Lives in Porto." in prompts) is reads
    assert (len(bank.memories()) == 2) is writes
    state = MemoryState.DONE if writes else MemoryState.NONE
    assert bank.messages(1)[0].memory_state is state


def test_searching_memory(talk: Run, porto: int) -> None:
    result = talk("/memory search Porto", "/memory search", "/memory search zzz")
    assert f"{porto}\t" in result.out
    assert "Lives in Porto." in result.out
    assert "Write it as: /memory search TEXT" in result.err


def test_forgetting_shows_then_asks(talk: Run, bank: Bank, porto: int) -> None:
    shown = talk("/forget Porto")
    assert "Lives in Porto." in shown.out
    assert "write /forget and its number" in shown.err
    assert len(bank.memories()) == 1
    asked = talk(f"/forget {porto}", "n", f"/forget {porto}", "y")
    assert asked.err.count("This cannot be undone.") == 2
    assert "Forgotten for good." in asked.err
    assert bank.memories(state=None) == []


def test_failed_turns_are_read_again(talk: Run, engine: FakeEngine, bank: Bank) -> None:
    chat = bank.create_chat()
    left = bank.add_message(
        chat.id, "user", "I have a cat.", said_at=chat.created_at, memory_state=MemoryState.PENDING
    )
    bank.fail_memory(left.id, "it broke")
    engine.enqueue("The user has a cat.", role=Role.MEMORY)
    assert "Memory: + The user has a cat. (added)" in talk("/memory retry").out


def test_help_lists_what_works_here(talk: Run) -> None:
    shown = talk("/help").out
    assert "/remember TEXT" in shown
    assert "/theme" not in shown
    assert "/theme is for the full screen" in talk("/theme").err


def test_quit_leaves(talk: Run, bank: Bank) -> None:
    assert talk("/quit", "Hello").code == 0
    assert bank.chats() == []
