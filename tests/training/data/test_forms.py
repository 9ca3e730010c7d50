"""The language files, and how they are read."""

from __future__ import annotations

import pytest

from training.data.synthetic.forms import (
    MAX_VARIANTS,
    expand,
    fields_of,
    parse_form,
    parse_topics,
    topics,
)
from training.data.synthetic.vocabulary import vocabularies


def test_alternatives_expand_to_every_combination() -> None:
    assert set(expand("[a|b] c [d|]")) == {"a c d", "a c", "b c d", "b c"}


def test_a_form_without_a_gold_states_itself_in_the_third_person() -> None:
    (variant,) = parse_form("I keep {animal}").variants
    assert variant.golds == ("{S} keeps {animal}",)
    assert variant.fields == {"animal"}
    assert variant.portable


def test_a_form_can_state_several_facts_and_a_merged_memory() -> None:
    (two,) = parse_form("we moved and married => {S} moved. ;; {S} married.").variants
    (changed,) = parse_form(
        "no more {old_a}, {a} now => {S} has {a}, not {old_a}. => {S} has {a}."
    ).variants
    assert two.golds == ("{S} moved.", "{S} married.")
    assert changed.merged == "{S} has {a}."


def test_alternatives_of_text_and_gold_go_together() -> None:
    form = parse_form("my [mum|dad] is here => {S}'s [mum|dad] is here.")
    assert {(v.text, v.golds[0]) for v in form.variants} == {
        ("my mum is here", "{S}'s mum is here."),
        ("my dad is here", "{S}'s dad is here."),
    }


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="what is this"):
        parse_topics("= home | single | any\nwhat is this", "places")


def test_every_field_of_every_form_has_a_vocabulary() -> None:
    known = vocabularies()
    for topic in topics():
        for forms in topic.sections.values():
            for variant in (variant for form in forms for variant in form.variants):
                for name in fields_of(variant.text) | variant.fields:
                    plain = name.removeprefix("old_").rstrip("0123456789")
                    assert topic.aliases.get(plain, plain) in known, (topic.name, variant.text)


def test_what_is_told_states_something_and_no_form_is_cut_short() -> None:
    for topic in topics():
        for section in ("tell", "change", "more", "end", "adjust"):
            for form in topic.forms(section):
                assert len(form.variants) < MAX_VARIANTS, form.source
                assert all(variant.golds for variant in form.variants), form.source


def test_there_are_many_fact_types_and_forms() -> None:
    told = [form for topic in topics() for form in topic.forms("tell")]
    assert len(topics()) >= 100
    assert len(told) >= 1200
