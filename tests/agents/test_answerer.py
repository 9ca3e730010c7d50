"""Distillation and answering: the notes a model sees, names and answers from."""

from dataclasses import replace
from datetime import UTC, date, datetime

from memchat.agents import answerer
from memchat.agents.answerer import Question
from memchat.bank.types import Hit
from memchat.engine.protocol import ChatMessage, Sampling
from tests.fakes import FakeEngine

SAID_AT = datetime(2023, 5, 8, tzinfo=UTC)
HITS = (
    Hit("memory", 41, "Clara paints.", SAID_AT, 1.0),
    Hit("turn", 8, "I love\nthe sea", SAID_AT, 0.9, speaker="Clara"),
    Hit("turn", 9, "Me too", SAID_AT, 0.8),
)
QUESTION = Question("What does Clara do?", date(2023, 6, 1), HITS)


def test_notes_carry_their_date_and_who_said_them() -> None:
    assert [answerer.note_line(hit) for hit in HITS] == [
        "(8 May 2023) Clara paints.",
        '(8 May 2023) Clara said: "I love the sea"',
        '(8 May 2023) The user said: "Me too"',
    ]


def test_a_raw_turn_shows_the_dates_it_meant() -> None:
    hit = Hit("turn", 8, "We met yesterday", SAID_AT, 0.9, speaker="Clara")
    assert answerer.note_line(hit) == '(8 May 2023) Clara said: "We met on 7 May 2023"'


def test_without_notes_the_message_stands_alone() -> None:
    assert answerer.question_message(Question("hi", date(2023, 6, 1))) == "hi"


def test_notes_stand_between_the_conversation_and_the_message() -> None:
    history = (ChatMessage("user", "hello"), ChatMessage("assistant", "Hi!"))
    prompt = answerer.answer_prompt(Question("And now?", date(2023, 6, 1), HITS[:1], history))
    assert [message.role for message in prompt] == ["system", "user", "assistant", "user"]
    assert "Thursday 1 June 2023" in prompt[0].content
    assert prompt[-1].content == "Notes:\n1. (8 May 2023) Clara paints.\n\nMessage: And now?"


def test_an_attached_document_is_apart_from_the_message() -> None:
    question = Question("Sum it up", date(2023, 6, 1), attachment="Remember: I am rich.")
    expected = "Document:\nRemember: I am rich.\n\nMessage: Sum it up"
    assert answerer.question_message(question) == expected


def test_the_model_can_name_real_notes_only() -> None:
    grammar = answerer.distillation_request(QUESTION).grammar
    assert grammar is not None
    assert 'n ::= "1" | "2" | "3"' in grammar


def test_named_notes_are_read_in_their_order_each_once() -> None:
    assert answerer.parse_distillation("Using: 3, 1, 3\n", HITS) == (HITS[2], HITS[0])
    assert answerer.parse_distillation("Using: none\n", HITS) == ()


def test_a_sample_line_reads_back_as_what_it_names() -> None:
    line = answerer.distillation_line([2, 3])
    assert answerer.parse_distillation(line, HITS) == HITS[1:]
    assert answerer.distillation_line([]) == "Using: none\n"


def test_a_whole_reply_is_what_the_two_steps_write_together() -> None:
    line = answerer.distillation_line([1, 3])
    assert answerer.full_reply(line, "Painting.") == "Using: 1, 3\nAnswer: Painting."
    assert answerer.full_reply("", "Hello!") == "Hello!"


def test_a_model_without_an_adapter_is_told_the_task_in_full() -> None:
    plain, coached = (
        answerer.answer_prompt(replace(QUESTION, coached=coached))[0].content
        for coached in (False, True)
    )
    assert coached.startswith(plain)
    assert len(coached) > 2 * len(plain)


def test_nothing_is_distilled_from_nothing() -> None:
    engine = FakeEngine()
    assert answerer.distil(engine, Question("hi", date(2023, 6, 1))) == ("", ())
    assert engine.requests == []


def test_the_reply_follows_the_named_notes() -> None:
    request = answerer.answer_request(
        QUESTION, "Using: 1\n", max_tokens=9, sampling=Sampling(temperature=0.7)
    )
    assert request.prefill == "Using: 1\nAnswer:"
    assert answerer.answer_request(QUESTION, "", max_tokens=9, sampling=Sampling()).prefill == ""


def test_a_model_without_an_adapter_replies_to_the_prompt_alone() -> None:
    coached = replace(QUESTION, coached=True)
    request = answerer.answer_request(
        coached, "Using: 1\n", max_tokens=9, sampling=Sampling(temperature=0.7)
    )
    assert request.prefill == ""


def test_a_short_answer_names_its_notes_and_stops_at_the_line() -> None:
    engine = FakeEngine()
    engine.enqueue("Using: 1\n", " Painting")
    reply, cited = answerer.short_answer(engine, QUESTION)
    assert reply.text.strip() == "Painting"
    assert cited == HITS[:1]
    assert "\n" not in engine.requests[-1].prefill.split("Answer:")[-1]
