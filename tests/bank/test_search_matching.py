"""Relevance is absolute: what has nothing in common with a query is not found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from memchat.bank.bank import Bank
from memchat.bank.index import TURNS, turn_text
from memchat.bank.matching import _NEXT_TO, NEIGHBOUR_SHARE, Query, matches
from memchat.bank.types import Hit
from tests.bank.builders import SAID_AT, added, said, vector
from tests.fakes import bag_of_words


def tell(bank: Bank, chat_id: int, text: str, speaker: str = "", at: datetime = SAID_AT) -> int:
    """The id of an indexed turn."""
    message = bank.add_message(chat_id, "user", text, said_at=at, speaker=speaker)
    bank.index_turn(message.id, vector(turn_text(speaker, text)))
    return message.id


def ids(hits: list[Hit]) -> list[int]:
    return [hit.id for hit in hits]


def shares(bank: Bank, text: str) -> dict[int, float]:
    return {match.id: match.relevance for match in matches(bank._db, TURNS, Query.of(text, None))}


def filler(bank: Bank, number: int = 20) -> None:
    chat = bank.create_chat().id
    for n in range(number):
        tell(bank, chat, f"filler{n} padding{n} stuffing{n}", at=SAID_AT + timedelta(days=n))


def test_a_turn_with_all_the_words_has_a_share_of_about_one(bank: Bank) -> None:
    filler(bank)
    chat = bank.create_chat().id
    whole = tell(bank, chat, "The violin concerto")
    half = tell(bank, chat, "The violin lesson", at=SAID_AT + timedelta(days=1))
    found = shares(bank, "violin concerto")
    assert found[whole] == pytest.approx(1, abs=0.35)
    assert found[half] < 0.6 * found[whole]


def test_a_word_that_nobody_used_lowers_the_share(bank: Bank) -> None:
    filler(bank)
    turn = tell(bank, bank.create_chat().id, "The violin is mine")
    assert shares(bank, "violin zeppelin")[turn] < 0.6 * shares(bank, "violin")[turn]


def test_only_the_rarest_words_of_a_long_message_must_match(bank: Bank) -> None:
    filler(bank)
    turn = tell(bank, bank.create_chat().id, "The violin is mine")
    long_query = "violin " + " ".join(f"other{n}" for n in range(40))
    assert shares(bank, long_query)[turn] > 0.15


def test_the_answer_is_found_by_the_words_of_its_question(bank: Bank) -> None:
    filler(bank)
    chat = bank.create_chat().id
    asked = tell(bank, chat, "Which violin concerto did you play, Jon?", "Gina")
    answered = tell(bank, chat, "The one by Sibelius", "Jon")
    after = tell(bank, chat, "Wonderful weather today", "Gina")
    found = shares(bank, "violin concerto")
    assert found[answered] == pytest.approx(NEIGHBOUR_SHARE * found[asked])
    assert after not in found


def test_neighbours_are_said_within_the_hour_and_without_a_reply_between(bank: Bank) -> None:
    chat = bank.create_chat().id
    later = SAID_AT + timedelta(hours=2)
    tell(bank, chat, "the violin concerto")
    next_day = tell(bank, chat, "something else", at=later)
    other_chat = tell(bank, bank.create_chat().id, "something else", at=later)
    asked = tell(bank, chat, "about the violin", at=later + timedelta(days=1))
    bank.add_message(chat, "assistant", "Yes.", said_at=later, reply_to=asked)
    after_reply = tell(bank, chat, "something else", at=later + timedelta(days=1))
    assert not {next_day, other_chat, after_reply} & shares(bank, "violin").keys()


def test_hits_that_share_little_with_the_message_are_no_notes(bank: Bank) -> None:
    added(bank, "The user keeps bees near Porto.")
    said(bank, "My sister lives in Oslo")
    assert bank.search("quantum physics", vector("quantum physics")) == []


def test_small_talk_finds_only_what_is_pinned(bank: Bank) -> None:
    said(bank, "Good morning, I live in Porto")
    assert bank.search("Good morning!", vector("Good morning!")) == []
    pinned = added(bank, "The user is allergic to peanuts.")
    bank.pin(pinned, True)
    assert ids(bank.search("Good morning!", vector("Good morning!"))) == [pinned]


def test_a_question_asked_before_is_no_note_when_there_is_an_answer(bank: Bank) -> None:
    asked = said(bank, "Where does Ana live?").id
    query = "Where does Ana live?"
    assert ids(bank.search(query, vector(query))) == [asked]
    answer = added(bank, "Ana does live in Porto where it rains.")
    assert ids(bank.search(query, vector(query))) == [answer]


def test_a_search_by_words_finds_questions_too(bank: Bank) -> None:
    asked = said(bank, "Where does Ana live?").id
    told = said(bank, "Ana lives in Porto").id
    assert set(ids(bank.search("Ana", None, memories=False))) == {asked, told}


def test_the_person_that_the_query_names_goes_first(bank: Bank) -> None:
    filler(bank)
    chat = bank.create_chat().id
    at = [SAID_AT + timedelta(days=n) for n in range(2)]
    by_gina = tell(bank, chat, "I won a dance contest", "Gina", at[0])
    by_jon = tell(bank, chat, "I won a dance contest", "Jon", at[1])
    same = vector("I won a dance contest")
    assert ids(bank.search("Which contest did Gina win?", same))[:2] == [by_gina, by_jon]
    assert ids(bank.search("Which contest did Jon win?", same))[:2] == [by_jon, by_gina]


def test_the_month_that_the_query_names_goes_first(bank: Bank) -> None:
    chat = bank.create_chat().id
    at = [datetime(2023, month, 3, tzinfo=UTC) for month in (5, 9)]
    in_may, in_september = (tell(bank, chat, "We went camping", at=when) for when in at)
    same = vector("We went camping")
    assert ids(bank.search("camping in May", same)) == [in_may, in_september]
    assert ids(bank.search("camping in September", same)) == [in_september, in_may]


def test_reembedding_reads_turns_with_their_speaker(bank: Bank) -> None:
    tell(bank, bank.create_chat().id, "I won a contest", "Gina")
    bank.reembed(
        lambda texts: np.stack([bag_of_words(text, 64) for text in texts]),
        "other",
        64,
        lambda *_: None,
    )
    wanted = bag_of_words(turn_text("Gina", "I won a contest"), 64)
    assert bank.search("", wanted)[0].similarity == pytest.approx(1)


def test_neighbours_are_looked_up_by_index(bank: Bank) -> None:
    """Read from the start of its chat instead, a turn's neighbour took a scan of the chat."""
    plan = bank._db.query(f"EXPLAIN QUERY PLAN {_NEXT_TO}", ("[1]",))
    steps = [row[3] for row in plan if "messages_by_chat" in row[3]]
    assert len(steps) == 2
    assert all("<expr>" in step for step in steps)


def test_what_is_not_among_the_nearest_counts_as_near_as_the_farthest_of_them(bank: Bank) -> None:
    chat = bank.create_chat().id
    tell(bank, chat, "completely different words")
    worded = tell(bank, chat, "the violin", at=SAID_AT + timedelta(days=1))
    query = Query.of("violin", vector("completely different words"))
    found = {match.id: match for match in matches(bank._db, TURNS, query, depth=1)}
    assert found[worded].similarity is None
    assert found[worded].relevance == pytest.approx(1 + shares(bank, "violin")[worded])
