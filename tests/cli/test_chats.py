"""memchat chats: read back what was said."""

from __future__ import annotations

from tests.cli.conftest import Run


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
