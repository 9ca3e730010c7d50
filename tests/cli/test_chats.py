"""memchat chats: read back what was said, and keep it tidy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.cli.views import excerpt
from memchat.engine.protocol import Role
from tests.cli.conftest import Run
from tests.fakes import FakeEngine


def test_without_chats_there_is_a_note(memchat: Run) -> None:
    result = memchat("chats", "list")
    assert (result.code, result.out, result.err) == (0, "", "There are no chats yet.\n")


def test_chats_are_listed_latest_first_and_by_kind(memchat: Run) -> None:
    memchat(stdin=b"I live in Porto.\n")
    memchat("ask", "Where?")
    assert [chat["kind"] for chat in memchat("chats", "list", "--json").json] == ["ask", "chat"]
    [chat] = memchat("chats", "list", "--kind", "chat", "--json").json
    assert (chat["title"], chat["messages"]) == ("I live in Porto.", 2)
    assert memchat("chats", "list", "--limit", "1").out.endswith("\task\t2\tWhere?\n")
    assert memchat("chats", "list", "--kind", "diary").code == 2


def test_a_chat_is_shown_with_the_numbers_of_its_messages(memchat: Run) -> None:
    memchat(stdin=b"Hello\n")
    shown = memchat("chats", "show", "1")
    assert "1 · You · " in shown.out
    assert "2 · Assistant · " in shown.out
    messages = memchat("chats", "show", "1", "--json").json["messages"]
    assert [(each["role"], each["text"]) for each in messages] == [
        ("user", "Hello"),
        ("assistant", "All right."),
    ]


def test_an_unknown_chat_is_a_usage_error(memchat: Run) -> None:
    result = memchat("chats", "show", "9")
    assert result.code == 2
    assert "There is no chat 9" in result.err


def test_what_was_said_is_found_in_every_chat(memchat: Run) -> None:
    memchat(stdin=b"I live in Porto.\nWith a dog.\n")
    memchat("ask", "Is PORTO nice?")
    rows = [line.split("\t") for line in memchat("chats", "search", "porto").out.splitlines()]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("2", "You", "Is PORTO nice?"),
        ("1", "You", "I live in Porto."),
    ]
    assert memchat("chats", "search", "all right").out.count("\tAssistant\tAll right.\n") == 3
    assert memchat("chats", "search", "porto", "-n", "1").out.count("\n") == 1
    [first, _] = memchat("chats", "search", "porto", "--json").json
    assert (first["text"], first["chat"]["title"]) == ("Is PORTO nice?", "Is PORTO nice?")


def test_what_was_never_said_is_not_found(memchat: Run) -> None:
    memchat(stdin=b"I live in Porto.\n")
    assert memchat("chats", "search", "porto lisbon").err == "Nothing is found.\n"
    assert memchat("chats", "search", " ").code == 2


def test_a_long_message_is_shown_around_the_word() -> None:
    text = "before " * 50 + "\nNeedle\n" + "after " * 50
    shown = excerpt(text, "needle", 40)
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert " Needle after" in shown
    assert len(shown) == 42
    assert excerpt("short", "none", 40) == "short"


def test_a_chat_is_exported_as_markdown_and_as_json(memchat: Run) -> None:
    memchat(stdin=b"I \x1b[31mlive in Porto.\n")
    written = memchat("chats", "export", "1").out
    assert written.startswith("# I ␛[31mlive in Porto.\n")
    assert "**You** · " in written
    exported = json.loads(memchat("chats", "export", "1", "--format", "json").out)
    assert [each["text"] for each in exported["messages"]] == [
        "I \x1b[31mlive in Porto.",
        "All right.",
    ]


def test_a_chat_is_exported_to_a_new_file(memchat: Run, tmp_path: Path) -> None:
    memchat(stdin=b"I live in Porto.\n")
    file = tmp_path / "chat.json"
    result = memchat("chats", "export", "1", "-o", str(file))
    assert (result.code, result.out) == (0, "")
    assert json.loads(file.read_text())["title"] == "I live in Porto."
    again = memchat("chats", "export", "1", "-o", str(file), "--format", "md")
    assert again.code == 2
    assert "is there already" in again.err
    assert memchat("chats", "export", "1", "-o", str(tmp_path / "no" / "chat.md")).code == 1


def test_a_chat_is_renamed(memchat: Run, bank: Bank) -> None:
    memchat(stdin=b"Hello\n")
    assert memchat("chats", "rename", "1", " Small talk ").code == 0
    assert bank.chat(1).title == "Small talk"
    assert memchat("chats", "rename", "1", " ").code == 2


def test_deleting_a_chat_asks_and_keeps_its_memories(
    memchat: Run, bank: Bank, engine: FakeEngine
) -> None:
    engine.enqueue("The user lives in Porto.", role=Role.MEMORY)
    memchat(stdin=b"I live in Porto.\n")
    assert memchat("chats", "rm", "1").code == 2
    refused = memchat("chats", "rm", "1", typed=b"n\n")
    assert (refused.code, len(bank.chats())) == (1, 1)
    assert "I live in Porto. (2 messages)\nDelete it?" in refused.err
    assert memchat("chats", "rm", "1", "--yes").out == "Deleted I live in Porto. (2 messages).\n"
    assert bank.chats() == []
    assert [memory.text for memory in bank.memories()] == ["The user lives in Porto."]


@pytest.mark.parametrize("command", [["export", "9"], ["rename", "9", "x"], ["rm", "9", "--yes"]])
def test_an_unknown_chat_is_named(memchat: Run, command: list[str]) -> None:
    result = memchat("chats", *command)
    assert (result.code, result.out) == (2, "")
    assert "There is no chat 9" in result.err
