"""What was said is found word for word, in all chats."""

from __future__ import annotations

import time

import pytest

from memchat.bank.bank import Bank
from memchat.errors import UsageError
from tests.bank.builders import SAID_AT, added, said


def reply(bank: Bank, text: str) -> None:
    bank.add_message(bank.create_chat().id, "assistant", text, said_at=SAID_AT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dog", ["A good dog.", "I walk my DOG in the park."]),
        ("park  my", ["I walk my DOG in the park."]),
        ("strasse", ["In der Straße."]),
        ("ÉCLAIR", ["One éclair, please."]),
        ("100%", ["100% sure"]),
        ("_", []),
        ("cat", []),
    ],
)
def test_every_word_must_be_there_in_any_case(bank: Bank, text: str, found: list[str]) -> None:
    said(bank, "I walk my DOG in the park.")
    reply(bank, "A good dog.")
    said(bank, "In der Straße.")
    said(bank, "One éclair, please.")
    said(bank, "100% sure")
    assert [message.text for message in bank.search_messages(text)] == found


def test_the_newest_come_first_and_only_so_many(bank: Bank) -> None:
    for number in range(5):
        said(bank, f"Number {number}")
    newest = [message.text for message in bank.search_messages("number", limit=2)]
    assert newest == ["Number 4", "Number 3"]


def test_what_is_forgotten_is_not_found(bank: Bank) -> None:
    message = said(bank, "My password is hunter2.")
    bank.forget(added(bank, "The password is hunter2.", message.id))
    assert bank.search_messages("hunter2") == []
    assert bank.search_messages("forgotten") == []


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_is_no_question(bank: Bank, text: str) -> None:
    with pytest.raises(UsageError):
        bank.search_messages(text)


def test_a_lone_surrogate_is_no_trouble(bank: Bank) -> None:
    said(bank, "caf\udce9")
    assert bank.search_messages("caf\udce9")


def test_many_messages_take_a_moment(bank: Bank) -> None:
    chat = bank.create_chat()
    with bank._db.transaction():
        for number in range(5_000):
            bank._db.write(
                """
                INSERT INTO messages (chat_id, role, text, said_at, speaker, delivery,
                    memory_state, external_id, model)
                VALUES (?, 'user', ?, '2023-05-08T12:56:00.000000 +00:00', '', 'complete',
                    'none', '', '')
                """,
                (chat.id, f"{number} " + "words " * 80),
            )
    started = time.process_time()
    assert bank.search_messages("nothing") == []
    assert time.process_time() - started < 0.2
