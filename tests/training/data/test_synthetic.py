"""What must hold for every synthetic sample, whatever the seed."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

from memchat.agents import guards, manager
from memchat.agents.answerer import parse_distillation
from memchat.agents.dates import resolve_dates
from memchat.agents.prompts import NONE
from memchat.bank.types import Fact, Hit
from training.data.samples import (
    AnswerSample,
    DecideSample,
    ExtractSample,
    Sample,
    Task,
    render,
)
from training.data.synthetic import generate
from training.data.synthetic.entries import NO_TIME

COUNT = 1500
CHARACTERS_PER_TOKEN = 4
_DAY = re.compile(
    r"\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December) \d{4}"
)


def draw(task: Task, seed: int = 11, count: int = COUNT) -> list[Sample]:
    return list(islice(generate(seed, task=task), count))


@pytest.fixture(scope="module")
def extracts() -> list[ExtractSample]:
    return [sample for sample in draw("extract") if isinstance(sample, ExtractSample)]


@pytest.fixture(scope="module")
def decisions() -> list[DecideSample]:
    return [sample for sample in draw("decide") if isinstance(sample, DecideSample)]


@pytest.fixture(scope="module")
def answers() -> list[AnswerSample]:
    return [sample for sample in draw("answer") if isinstance(sample, AnswerSample)]


def test_a_seed_gives_the_same_samples_and_another_seed_others() -> None:
    first, again, other = (list(islice(generate(seed), 60)) for seed in (5, 5, 6))
    assert first == again
    assert not set(map(repr, first)) & set(map(repr, other))


def test_all_three_tasks_are_drawn_equally_without_a_choice() -> None:
    assert Counter(sample.task for sample in islice(generate(1), 60)) == {
        "extract": 20,
        "decide": 20,
        "answer": 20,
    }


@pytest.mark.parametrize("task", ["extract", "decide", "answer"])
def test_samples_are_complete_short_enough_and_almost_never_repeated(task: Task) -> None:
    rendered = [render(sample) for sample in draw(task)]
    texts = Counter(f"{prompt[1:]}{completion}" for prompt, completion in rendered)
    assert len(texts) > 0.99 * len(rendered)
    for messages, completion in rendered:
        words = [message.content for message in messages] + [completion]
        assert all(words), messages
        assert not re.search(r"[{}^]|\[[^\]]*\|", "".join(words[1:])), words
        assert sum(map(len, words)) < 1024 * CHARACTERS_PER_TOKEN


def test_facts_are_short_sentences_about_a_named_subject(extracts: list[ExtractSample]) -> None:
    for sample in extracts:
        for fact in sample.facts:
            assert len(fact.split()) <= 25
            assert fact[0].isupper() or fact[0].isdigit() or not fact[0].isalpha()
            assert fact[-1] in ".!?"
            assert sample.turn.subject.lower() in fact.lower(), fact
            assert not re.search(r"\b(?:I|my|me|I'm|I've)\b", fact), fact


def test_facts_survive_being_read_back(extracts: list[ExtractSample]) -> None:
    for sample in extracts:
        completion = render(sample).completion
        facts = manager.parse_facts(completion, sample.turn.subject)
        assert tuple(fact.text for fact in facts) == sample.facts
        assert (completion == NONE) is (not sample.facts)


def test_a_good_part_of_the_turns_states_nothing(extracts: list[ExtractSample]) -> None:
    empty = sum(not sample.facts for sample in extracts)
    assert 0.3 < empty / len(extracts) < 0.5
    kinds = Counter(sample.kind for sample in extracts)
    assert max(kinds.values()) < 0.4 * len(extracts)
    assert len(kinds) >= 16


def test_dates_in_facts_are_those_of_the_resolved_turn(extracts: list[ExtractSample]) -> None:
    dated = 0
    for sample in extracts:
        words = " ".join((sample.turn.text, *sample.turn.earlier))
        day = sample.turn.said_at.date()
        resolved = resolve_dates(words, day).lower() + words.lower()
        for found in _DAY.findall(" ".join(sample.facts)):
            dated += 1
            assert found.lower() in resolved, (words, sample.facts)
    assert dated > 50


def test_about_a_third_of_the_turns_are_between_two_named_people(
    extracts: list[ExtractSample],
) -> None:
    named = sum(bool(sample.turn.speaker) for sample in extracts)
    assert 0.22 < named / len(extracts) < 0.38


def _hits(sample: DecideSample) -> list[Hit]:
    return [Hit("memory", n, text, NO_TIME, score=0.0) for n, text in enumerate(sample.memories)]


def test_decisions_parse_and_pass_the_guards_unchanged(decisions: list[DecideSample]) -> None:
    for sample in decisions:
        hits = _hits(sample)
        operation = manager.parse_decision(sample.reply, Fact(sample.fact), hits)
        assert guards.check(operation, hits) == operation, sample
        assert 1 <= len(sample.memories) <= manager.MAX_RELATED
        assert len(operation.text.split()) <= 25


def test_every_operation_and_kind_of_decision_is_common(decisions: list[DecideSample]) -> None:
    operations = Counter(sample.reply.split()[0] for sample in decisions)
    assert set(operations) == {"ADD", "NOOP", "UPDATE", "DELETE"}
    assert min(operations.values()) > 0.06 * len(decisions)
    kinds = Counter(sample.kind for sample in decisions)
    assert min(kinds.values()) > 0.01 * len(decisions)


def test_a_merge_keeps_every_item_of_the_list(decisions: list[DecideSample]) -> None:
    merges = [sample for sample in decisions if sample.kind == "more"]
    assert len(merges) > 50
    for sample in merges:
        hits = _hits(sample)
        operation = manager.parse_decision(sample.reply, Fact(sample.fact), hits)
        old = next(hit.text for hit in hits if hit.id == operation.target)
        assert not guards.loses_detail(old, operation.text, sample.fact), sample
        assert " and " in operation.text


def test_distilled_lines_name_notes_that_are_there(answers: list[AnswerSample]) -> None:
    for sample in answers:
        hits = sample.question.hits
        assert bool(sample.distilled) is bool(hits)
        cited = parse_distillation(sample.distilled, hits)
        numbers = re.findall(r"\d+", sample.distilled)
        assert len(cited) == len(numbers)
        assert sample.distilled in ("", "Using: none\n") or cited


def test_short_answers_stand_in_the_cited_notes(answers: list[AnswerSample]) -> None:
    short = [s for s in answers if s.question.short and "none" not in s.distilled]
    assert len(short) > 200
    for sample in short:
        cited = parse_distillation(sample.distilled, sample.question.hits)
        notes = " ".join(hit.text for hit in cited).lower()
        words = re.findall(r"\w+", sample.reply.lower())
        assert len(words) <= 16
        assert any(word in notes for word in words), sample


def test_what_the_notes_do_not_hold_is_not_known(answers: list[AnswerSample]) -> None:
    unknown = [sample for sample in answers if sample.kind == "short_unknown"]
    assert len(unknown) > 50
    assert {sample.reply for sample in unknown} == {"I don't know."}
    assert {sample.distilled for sample in unknown} <= {"", "Using: none\n"}
