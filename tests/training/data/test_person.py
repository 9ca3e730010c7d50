"""One sentence in the first person, told in every other way."""

from __future__ import annotations

import pytest

from training.data.synthetic.person import (
    HE,
    SHE,
    conjugate,
    is_about_speaker,
    second_person,
    third_person,
    with_pronoun,
)


@pytest.mark.parametrize(
    ("told", "memory"),
    [
        ("I live in {city} with my dog", "{S} lives in {city} with their dog"),
        ("I live here and ^work nights", "{S} lives here and works nights"),
        ("I'm happy and I've got a cat", "{S} is happy and they have a cat"),
        ("my favourite food is {food}", "{S}'s favourite food is {food}"),
        ("I just really like it", "{S} really likes it"),
        ("I don't eat meat", "{S} doesn't eat meat"),
        ("I went home", "{S} went home"),
        ("where do I live?", "where does {S} live?"),
        ("what am I allergic to?", "what is {S} allergic to?"),
        ("{name} taught me", "{name} taught {S}"),
    ],
)
def test_memories_name_the_subject_once_and_then_say_they(told: str, memory: str) -> None:
    assert third_person(told) == memory


def test_words_about_a_relative_keep_their_tone() -> None:
    assert third_person("I just love my bike", SHE, tidy=False) == "{S} just loves her bike"
    assert with_pronoun("I've lost my keys", HE) == "he's lost his keys"
    assert with_pronoun("I was there", SHE) == "she was there"


def test_replies_speak_to_the_user() -> None:
    assert second_person("I was born in {city}") == "You were born in {city}"
    assert second_person("my sister says I'm late") == "your sister says you're late"


@pytest.mark.parametrize(
    ("verb", "third"),
    [("study", "studies"), ("play", "plays"), ("teach", "teaches"), ("need", "needs"),
     ("can't", "can't"), ("moved", "moved"), ("have", "has")],
)  # fmt: skip
def test_verbs_take_the_ending_of_the_third_person(verb: str, third: str) -> None:
    assert conjugate(verb) == third


def test_only_what_is_about_the_speaker_alone_can_be_told_of_others() -> None:
    assert is_about_speaker("I like tea")
    assert not is_about_speaker("we like tea and I like milk")
    assert not is_about_speaker("tea is nice")
