from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Delivery, Hit, MemoryState, Use
from memchat.errors import NotFoundError, UsageError
from tests.bank.builders import SAID_AT, added, said, texts, vector


def test_messages_come_back_in_order_and_in_pages(bank: Bank) -> None:
    chat = bank.create_chat(title="Dogs")
    ids = [said(bank, f"turn {n}", chat.id).id for n in range(5)]
    assert [m.id for m in bank.messages(chat.id)] == ids
    assert [m.id for m in bank.messages(chat.id, limit=2)] == ids[3:]
    assert [m.id for m in bank.messages(chat.id, before=ids[3], limit=2)] == ids[1:3]
    assert bank.chat(chat.id).messages == 5


def test_a_time_keeps_its_offset(bank: Bank) -> None:
    said_at = datetime(2023, 5, 8, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    message = bank.add_message(bank.create_chat().id, "user", "hi", said_at=said_at)
    assert bank.message(message.id).said_at.isoformat() == said_at.isoformat()


def test_a_time_without_an_offset_is_refused(bank: Bank) -> None:
    with pytest.raises(UsageError, match="offset"):
        bank.create_chat(at=datetime(2023, 5, 8))


def test_chats_are_listed_by_last_use(bank: Bank) -> None:
    first, second = bank.create_chat(), bank.create_chat(kind="ingest", title="conv-30")
    said(bank, "hello", first.id)
    assert [chat.id for chat in bank.chats()] == [first.id, second.id]
    assert [chat.id for chat in bank.chats(kind="ingest")] == [second.id]
    assert bank.find_chat("ingest", "conv-30") == second
    assert bank.find_chat("chat", "conv-30") is None


def test_an_external_id_is_stored_once(bank: Bank) -> None:
    chat = bank.create_chat()
    first = bank.add_message(chat.id, "user", "one", said_at=SAID_AT, external_id="D1:1")
    again = bank.add_message(chat.id, "user", "other", said_at=SAID_AT, external_id="D1:1")
    assert again == first
    assert bank.add_message(bank.create_chat().id, "user", "x", said_at=SAID_AT, external_id="D1:1")
    assert len(bank.messages(chat.id)) == 1


def test_a_reply_is_saved_while_it_streams(bank: Bank) -> None:
    question = said(bank, "Where do I live?")
    reply = bank.add_message(
        question.chat_id,
        "assistant",
        "",
        said_at=SAID_AT,
        delivery=Delivery.PARTIAL,
        reply_to=question.id,
        model="smollm2",
    )
    bank.save_partial(reply.id, "You live")
    assert bank.message(reply.id).text == "You live"
    done = bank.finish_reply(reply.id, "You live in Porto.", Delivery.COMPLETE)
    assert (done.text, done.delivery, done.model) == (
        "You live in Porto.",
        Delivery.COMPLETE,
        "smollm2",
    )
    bank.save_partial(reply.id, "late")
    assert bank.message(reply.id) == done


def test_only_user_turns_can_be_queued_or_indexed(bank: Bank) -> None:
    chat = bank.create_chat()
    with pytest.raises(UsageError):
        bank.add_message(
            chat.id, "assistant", "x", said_at=SAID_AT, memory_state=MemoryState.PENDING
        )
    reply = bank.add_message(chat.id, "assistant", "x", said_at=SAID_AT)
    with pytest.raises(UsageError):
        bank.index_turn(reply.id, vector("x"))


def test_lone_surrogates_and_nul_are_stored(bank: Bank) -> None:
    message = said(bank, "a\ud800b\0c")
    assert bank.message(message.id).text == "a\ufffdb\0c"


def test_uses_are_kept_in_the_order_shown(bank: Bank) -> None:
    message = said(bank, "question")
    hits = [Hit("turn", 7, "t", SAID_AT, 0.2), Hit("memory", 7, "m", SAID_AT, 0.1)]
    bank.record_use(message.id, hits, [hits[1]])
    assert bank.uses(message.id) == [Use("turn", 7, False), Use("memory", 7, True)]
    bank.record_use(message.id, hits[:1], [])
    assert bank.uses(message.id) == [Use("turn", 7, False)]


def test_deleting_a_chat_keeps_the_memories_drawn_from_it(bank: Bank) -> None:
    message = said(bank, "I have a dog named Buddy")
    memory_id = added(bank, "The user has a dog, Buddy.", message.id)
    bank.delete_chat(message.chat_id)
    assert texts(bank) == ["The user has a dog, Buddy."]
    assert bank.memory(memory_id).source_message is None
    assert bank.search("dog", vector("dog"), memories=False) == []
    with pytest.raises(NotFoundError):
        bank.message(message.id)


@pytest.mark.parametrize("method", ["chat", "message", "memory", "event", "delete_chat", "history"])
def test_an_unknown_id_is_not_found(bank: Bank, method: str) -> None:
    with pytest.raises(NotFoundError, match="404"):
        getattr(bank, method)(404)


def test_a_message_needs_its_chat(bank: Bank) -> None:
    with pytest.raises(NotFoundError):
        bank.add_message(404, "user", "x", said_at=datetime.now(UTC))
    with pytest.raises(NotFoundError):
        bank.rename_chat(404, "x")
