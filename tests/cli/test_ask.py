"""memchat ask: the answer alone on stdout, and nothing remembered unless asked to."""

from __future__ import annotations

import sys

import pytest

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState
from memchat.config import Settings
from memchat.engine.protocol import Role
from memchat.errors import EngineError
from tests.cli.conftest import Run, Terminal
from tests.fakes import FakeEngine


@pytest.fixture
def porto(bank: Bank, engine: FakeEngine) -> int:
    """A memory to answer from."""
    event = Assistant(bank, engine, Settings()).remember("The user lives in Porto.")
    assert event.memory_id is not None
    return event.memory_id


def test_the_answer_is_all_there_is_on_stdout(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue("It is\nblue.")
    assert memchat("ask", "What colour is the sky?").out == "It is\nblue.\n"


def test_json_says_what_was_used_and_cited(memchat: Run, engine: FakeEngine, porto: int) -> None:
    engine.enqueue("1\n", "In Porto.")
    answer = memchat("ask", "Where do I live?", "--json").json
    assert answer["answer"] == "In Porto."
    assert [hit["id"] for hit in answer["used"]] == [porto]
    assert [hit["text"] for hit in answer["cited"]] == ["The user lives in Porto."]
    assert answer["model"] == "fake-model"
    assert answer["tokens"]["completion"] == 2
    assert answer["seconds"] >= 0
    assert (
        memchat("memory", "why", str(answer["message_id"]), "--json").json["answer"] == "In Porto."
    )


def test_nothing_is_remembered_by_itself(memchat: Run, bank: Bank) -> None:
    assert memchat("ask", "I moved to Lisbon, is that nice?").code == 0
    [chat] = bank.chats(kind="ask")
    assert bank.messages(chat.id)[0].memory_state is MemoryState.NONE
    assert bank.pending_count() == 0


def test_remember_does_the_memory_work_before_it_ends(
    memchat: Run, engine: FakeEngine, bank: Bank
) -> None:
    engine.enqueue("The user moved to Lisbon.", role=Role.MEMORY)
    result = memchat("ask", "--remember", "I moved to Lisbon, is that nice?")
    assert result.out == "All right.\n"
    assert result.err == "Memory: + The user moved to Lisbon. (added)\n"
    assert [memory.text for memory in bank.memories()] == ["The user moved to Lisbon."]


def test_a_piped_document_is_answered_from_and_never_remembered(
    memchat: Run, engine: FakeEngine, bank: Bank
) -> None:
    memchat("ask", "--remember", "Sum this up.", stdin=b"I am the Queen of Sheba.\n")
    [prompt] = [each.messages[-1].content for each in engine.requests if each.role is Role.ANSWER]
    assert "I am the Queen of Sheba." in prompt
    assert prompt.index("Sheba") < prompt.index("Sum this up.")
    seen_by_memory = str([each.messages for each in engine.requests if each.role is Role.MEMORY])
    assert "Sum this up." in seen_by_memory
    assert "Sheba" not in seen_by_memory
    [chat] = bank.chats(kind="ask")
    assert bank.messages(chat.id)[0].text == "Sum this up."


def test_each_question_stands_alone(memchat: Run, engine: FakeEngine) -> None:
    memchat("ask", "My first question")
    memchat("ask", "And another")
    assert "first question" not in str(engine.requests[-1].messages)


def test_a_terminal_gets_the_answer_while_it_is_written(
    memchat: Run, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    engine.enqueue("Blue \x1b]0;title\x07 sky.")
    assert memchat("ask", "What colour?").code == 0
    stdout.seek(0)
    assert stdout.read() == "Blue ␛]0;title␇ sky.\n"


def test_a_failure_leaves_stdout_empty(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue(EngineError("The model broke.", "Try another."))
    result = memchat("ask", "Why?")
    assert (result.code, result.out) == (1, "")
    assert result.err == "memchat: The model broke.\n  Try another.\n"


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_is_refused_and_leaves_no_chat(
    memchat: Run, bank: Bank, question: str
) -> None:
    result = memchat("ask", question)
    assert (result.code, result.out) == (2, "")
    assert "question is empty" in result.err
    assert bank.chats() == []


def test_a_binary_document_is_refused(memchat: Run) -> None:
    result = memchat("ask", "Sum this up.", stdin=b"\x7fELF\0\0\0")
    assert result.code == 2
    assert "stdin is not text" in result.err


def test_a_question_that_is_no_utf8_is_stored_all_the_same(memchat: Run, bank: Bank) -> None:
    assert memchat("ask", "caf\udce9?").code == 0
    assert bank.messages(1)[0].text == "caf\ufffd?"
