"""memchat memory: what is remembered, and the user's own changes to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Fact, MemoryState, Op, Operation
from tests.cli.conftest import Run
from tests.fakes import FakeEngine, bag_of_words

SAID_AT = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
Remember = Callable[..., int]


@pytest.fixture
def remember(bank: Bank) -> Remember:
    """Let the manager remember something that somebody said; the memory's id."""
    bank.claim_embedding("bag-of-words", 384)
    chat = bank.create_chat(kind="ingest", title="conv-1")

    def add(text: str, op: Op = Op.ADD, target: int | None = None, speaker: str = "Ana") -> int:
        message = bank.add_message(
            chat.id,
            "user",
            f"So: {text}",
            said_at=SAID_AT,
            speaker=speaker,
            memory_state=MemoryState.PENDING,
        )
        operation = Operation(op, Fact(text, speaker), text, target)  # type: ignore[arg-type]
        vector = bag_of_words(text)
        event = bank.apply(operation, vector=vector, message_id=message.id, at=SAID_AT)
        bank.finish_memory(message.id)
        assert event.memory_id is not None
        return event.memory_id

    return add


def test_an_empty_bank_lists_nothing(memchat: Run) -> None:
    result = memchat("memory", "list")
    assert (result.code, result.out) == (0, "")
    assert result.err == "Nothing is remembered yet.\n"
    assert memchat("memory", "list", "--json").json == []


def test_the_list_as_json_has_what_programs_need(memchat: Run, remember: Remember) -> None:
    memory_id = remember("Ana has a dog.")
    [memory] = memchat("memory", "list", "--json").json
    assert memory["id"] == memory_id
    assert (memory["text"], memory["state"], memory["pinned"]) == (
        "Ana has a dog.",
        "active",
        False,
    )
    assert datetime.fromisoformat(memory["valid_from"]) == SAID_AT
    assert memory["valid_to"] is None
    assert datetime.fromisoformat(memory["created_at"]) <= datetime.now(UTC)
    assert datetime.fromisoformat(memory["updated_at"]) <= datetime.now(UTC)
    assert memory["source"] == {
        "message_id": 1,
        "chat_id": 1,
        "text": "So: Ana has a dog.",
        "speaker": "Ana",
        "date": SAID_AT.isoformat(),
    }


def test_what_the_user_wrote_has_no_source(memchat: Run) -> None:
    memchat("memory", "add", "Likes tea.")
    [memory] = memchat("memory", "list", "--json").json
    assert memory["source"] is None
    assert memory["edited"]


def test_the_list_in_a_pipe_is_one_row_a_line(memchat: Run, remember: Remember) -> None:
    remember("Ana has a dog.")
    remember("Ana likes\ntea.\tA lot.")
    assert memchat("memory", "list").out.splitlines() == [
        "2\t2023-05-08\tAna likes tea. A lot.\t",
        "1\t2023-05-08\tAna has a dog.\t",
    ]
    assert memchat("memory", "list", "--limit", "1").out.startswith("2\t")


def test_all_lists_what_was_superseded_and_removed(memchat: Run, remember: Remember) -> None:
    first = remember("Ana has a dog.")
    remember("Ana has two dogs.", Op.UPDATE, first)
    third = remember("Ana has a cat.")
    memchat("memory", "rm", str(third))
    assert [memory["id"] for memory in memchat("memory", "list", "--json").json] == [2]
    states = {memory["id"]: memory for memory in memchat("memory", "list", "--all", "--json").json}
    assert {n: memory["state"] for n, memory in states.items()} == {
        1: "superseded",
        2: "active",
        3: "deleted",
    }
    assert states[1]["superseded_by"] == 2
    assert "superseded 2023-05-08" in memchat("memory", "list", "--all").out


def test_show_tells_the_whole_story(memchat: Run, remember: Remember) -> None:
    first = remember("Ana has a dog.")
    second = remember("Ana has two dogs.", Op.UPDATE, first)
    shown = memchat("memory", "show", str(second)).out
    assert shown.startswith("Ana has two dogs.\n")
    assert "quote\tSo: Ana has two dogs." in shown
    assert "~ Ana has a dog. → Ana has two dogs. (updated)" in shown
    history = memchat("memory", "show", str(second), "--json").json["history"]
    assert [event["op"] for event in history] == ["ADD", "UPDATE"]


def test_add_edit_remove_undo(memchat: Run) -> None:
    assert memchat("memory", "add", "Likes tea.").out == "1 + Likes tea. (added)\n"
    edited = memchat("memory", "edit", "1", "Likes coffee.").out
    assert edited == "1 ~ Likes tea. → Likes coffee. (edited)\n"
    assert memchat("memory", "rm", "1").out == "1 − Likes coffee. (removed)\n"
    assert memchat("memory", "list", "--json").json == []
    assert memchat("memory", "undo").code == 0
    assert memchat("memory", "undo", "--memory", "1").code == 0
    assert [memory["text"] for memory in memchat("memory", "list", "--json").json] == ["Likes tea."]


def test_undo_of_a_given_event(memchat: Run) -> None:
    memchat("memory", "add", "Likes tea.")
    removal = memchat("memory", "rm", "1", "--json").json
    memchat("memory", "add", "Likes rain.")
    assert memchat("memory", "undo", str(removal["id"]), "--json").json["undoes"] == removal["id"]
    assert len(memchat("memory", "list", "--json").json) == 2
    assert memchat("memory", "undo", "1", "--memory", "1").code == 2


def test_history_is_of_one_or_of_all(memchat: Run) -> None:
    memchat("memory", "add", "Likes tea.")
    memchat("memory", "add", "Likes rain.")
    memchat("memory", "rm", "1")
    ops = [event["op"] for event in memchat("memory", "history", "1", "--json").json]
    assert ops == ["ADD", "DELETE"]
    assert len(memchat("memory", "history", "--json").json) == 3
    [latest] = memchat("memory", "history", "--limit", "1").out.splitlines()
    assert latest.endswith("user\t− Likes tea. (removed)")


def test_search_generates_nothing(memchat: Run, engine: FakeEngine) -> None:
    memchat("memory", "add", "Allergic to peanuts.")
    memchat("memory", "add", "Plays the cello.")
    found = memchat("memory", "search", "cello", "--json").json
    assert found[0]["text"] == "Plays the cello."
    assert engine.requests == []
    assert memchat("memory", "search", "cello", "-n", "1").out.count("\n") == 1


@pytest.mark.parametrize(
    "command", [["list"], ["show", "1"], ["history"], ["undo"], ["rm", "1"], ["forget", "1", "-y"]]
)
def test_what_needs_no_engine_opens_none(
    memchat: Run, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    memchat("memory", "add", "Likes tea.")
    monkeypatch.setattr("memchat.cli.session.open_engine", None)
    assert memchat("memory", *command).code == 0


@pytest.mark.parametrize(
    "command",
    [["show", "9"], ["rm", "9"], ["edit", "9", "x"], ["forget", "9", "--yes"], ["history", "9"]],
)
def test_an_unknown_id_is_a_usage_error(
    memchat: Run, engine: FakeEngine, command: list[str]
) -> None:
    result = memchat("memory", *command)
    assert (result.code, result.out) == (2, "")
    assert "memchat: There is no memory 9" in result.err
    assert engine.embedded == []


@pytest.mark.parametrize("command", [["add", " "], ["add", ""], ["undo"], ["undo", "7"], ["why"]])
def test_what_makes_no_sense_is_a_usage_error(memchat: Run, command: list[str]) -> None:
    result = memchat("memory", *command)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("memchat: ")


def test_pinning_and_suggestions(memchat: Run, remember: Remember, bank: Bank) -> None:
    first = remember("Ana has a dog.")
    assert memchat("memory", "pin", str(first)).out == "1 * Ana has a dog. (pinned)\n"
    remember("Ana has two dogs.", Op.UPDATE, first)
    remember("Ana has no dog.", Op.DELETE, first)
    [update, removal] = memchat("memory", "suggestions", "--json").json
    assert (update["proposed"], update["new"]) == ("UPDATE", "Ana has two dogs.")
    shown = memchat("memory", "suggestions").out.splitlines()
    assert shown[0] == f"{update['id']}\t1\t? Ana has a dog. → Ana has two dogs. (suggested)"
    assert memchat("memory", "dismiss", str(removal["id"])).code == 0
    accepted = memchat("memory", "accept", str(update["id"])).out
    assert accepted == "2 ~ Ana has a dog. → Ana has two dogs. (updated)\n"
    assert memchat("memory", "suggestions").err == "Nothing waits for an answer.\n"
    assert memchat("memory", "accept", str(update["id"])).code == 2
    assert memchat("memory", "unpin", "2").out == "2 * Ana has two dogs. (unpinned)\n"
    assert [memory.pinned for memory in bank.memories()] == [False]


def test_forget_asks_once(memchat: Run, bank: Bank) -> None:
    memchat("memory", "add", "Likes tea.")
    for answer, code, left in ((b"n\n", 1, 1), (b"", 130, 1), (b"y\n", 0, 0)):
        result = memchat("memory", "forget", "1", typed=answer)
        assert (result.code, len(bank.memories(state=None))) == (code, left)
        assert "Likes tea.\nErase it with its history and quotes?" in result.err


def test_forget_does_not_ask_a_pipe(memchat: Run, bank: Bank) -> None:
    memchat("memory", "add", "Likes tea.")
    result = memchat("memory", "forget", "1", stdin=b"y\n")
    assert (result.code, len(bank.memories())) == (2, 1)
    assert "--yes" in result.err


def test_forget_erases(memchat: Run, remember: Remember) -> None:
    remember("Ana has a dog.")
    assert memchat("memory", "forget", "1", "--yes").out.startswith("Forgotten for good")
    assert memchat("memory", "list", "--all", "--json").json == []
    assert "dog" not in memchat("memory", "history").out
    assert "dog" not in memchat("chats", "show", "1").out


def test_why_tells_used_from_cited(memchat: Run, engine: FakeEngine) -> None:
    memchat("memory", "add", "Lives in Porto.")
    memchat("memory", "add", "Lives with Ana.")
    engine.enqueue("1\n", "You live in Porto.")
    memchat("ask", "Where do I live?")
    lines = memchat("memory", "why").out.splitlines()
    assert lines[:2] == ["Where do I live?", "You live in Porto."]
    assert sorted(line.split("\t")[0] for line in lines[2:]) == ["cited", "used"]
    by_answer = memchat("memory", "why", "2", "--json").json
    assert by_answer == memchat("memory", "why", "1", "--json").json
    memchat("memory", "forget", "1", "--yes")
    assert "Porto" not in str(memchat("memory", "why", "--json").json["uses"])
