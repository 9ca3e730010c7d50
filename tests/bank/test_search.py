from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memchat.bank.bank import Bank
from memchat.bank.matching import _MEMORIES_BY_WORDS, Query
from tests.bank.builders import DIMENSION, added, said, vector
from tests.test_text import HOSTILE


def test_an_empty_bank_finds_nothing(bank: Bank) -> None:
    assert bank.search("anything", vector("anything")) == []
    assert bank.related("anything", vector("anything")) == []


def test_words_and_meaning_both_find(bank: Bank) -> None:
    by_meaning = added(bank, "The user adopted a hound.")
    by_words = said(bank, "Biscuit ate my shoes").id
    hits = bank.search("Biscuit?", vector("The user adopted a hound."))
    assert {(hit.kind, hit.id) for hit in hits} == {("memory", by_meaning), ("turn", by_words)}
    memory = next(hit for hit in hits if hit.kind == "memory")
    assert memory.similarity == pytest.approx(1.0)


def test_a_hit_of_both_lists_leads(bank: Bank) -> None:
    added(bank, "The user likes red wine.")
    both = added(bank, "The user lives in Porto.")
    added(bank, "Porto has a river and a bridge and a port.")
    hits = bank.search("lives in Porto", vector("The user lives in Porto."), turns=False)
    assert hits[0].id == both
    assert hits == sorted(hits, key=lambda hit: -hit.score)


def test_stemming_finds_other_forms(bank: Bank) -> None:
    memory_id = added(bank, "The user has two dogs.")
    assert [hit.id for hit in bank.search("my dog", None)] == [memory_id]
    assert bank.search("my dog", None)[0].similarity is None


def test_far_hits_are_cut_off(bank: Bank) -> None:
    near = added(bank, "The user plays the cello in an orchestra.")
    for n in range(20):
        added(bank, f"unrelated{n} thing{n}")
    hits = bank.search("cello", vector("The user plays the cello in an orchestra."))
    assert [hit.id for hit in hits] == [near]


def test_a_turn_told_by_a_better_memory_is_left_out(bank: Bank) -> None:
    message = said(bank, "I adopted a dog named Buddy")
    memory_id = added(bank, "The user adopted a dog named Buddy", message.id)
    hits = bank.search("dog Buddy", vector("The user adopted a dog named Buddy"))
    assert [(hit.kind, hit.id) for hit in hits] == [("memory", memory_id)]
    turns = bank.search("dog Buddy", vector("dog Buddy"), memories=False)
    assert [(hit.kind, hit.id) for hit in turns] == [("turn", message.id)]


def test_excluded_turns_make_room_for_others(bank: Bank) -> None:
    ids = [said(bank, "the same words").id for _ in range(3)]
    hits = bank.search("words", vector("words"), limit=2, exclude_turns={ids[0]})
    assert {hit.id for hit in hits} == set(ids[1:])


def test_pinned_memories_are_always_in(bank: Bank) -> None:
    pinned = added(bank, "The user is allergic to peanuts.")
    bank.pin(pinned, True)
    for n in range(5):
        added(bank, f"dogs and more dogs {n}")
    hits = bank.search("dogs", vector("dogs and more dogs"), limit=3)
    assert len(hits) == 3
    assert hits[-1].id == pinned
    assert hits[-1].pinned
    assert [hit.id for hit in bank.search("", None)] == [pinned]
    assert pinned not in [hit.id for hit in bank.related("dogs", vector("dogs"), limit=3)]


def test_more_pinned_memories_than_the_limit(bank: Bank) -> None:
    for n in range(4):
        bank.pin(added(bank, f"pinned {n}"), True)
    assert len(bank.search("other", vector("other"), limit=2)) == 2
    assert bank.search("other", vector("other"), limit=0) == []


def test_related_gives_candidates_however_far(bank: Bank) -> None:
    for n in range(4):
        added(bank, f"unrelated{n} thing{n}")
    hits = bank.related("something else", vector("something else"), limit=3)
    assert len(hits) == 3
    assert all(hit.kind == "memory" for hit in hits)


def test_a_limit_above_what_sqlite_vec_allows(bank: Bank) -> None:
    added(bank, "one")
    assert len(bank.search("one", vector("one"), limit=100_000)) == 1


def test_superseded_rows_do_not_take_places(bank: Bank) -> None:
    for n in range(5):
        bank.delete(added(bank, f"the user has a dog {n}"))
    kept = added(bank, "the user has a dog")
    assert [hit.id for hit in bank.search("dog", vector("the user has a dog"), limit=1)] == [kept]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(HOSTILE, st.text('"*()^:{}+-.,; NEARANDORNOT\0\x1b')))
def test_no_query_is_a_syntax_error(bank: Bank, text: str) -> None:
    bank.search(text, np.full(DIMENSION, DIMENSION**-0.5, dtype=np.float32))


def test_a_query_quotes_content_words_only() -> None:
    def words(text: str) -> tuple[str, ...]:
        return Query.of(text, None).words

    assert words('Where is "Maria\'s" dog AND NOT x*?') == ('"maria"', '"dog"', '"not"', '"x"')
    assert words("who are you") == ()
    assert words("word " * 10_000) == ('"word"',)


def test_the_words_are_matched_once_whatever_the_number_of_memories(bank: Bank) -> None:
    """Driven by the memories instead, a search took half a second at a thousand of them."""
    plan = bank._db.query(f"EXPLAIN QUERY PLAN {_MEMORIES_BY_WORDS}", ('"dog"', 60))
    assert plan[0][3].startswith("SCAN memory_fts")
