from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memchat.tui.diff import change

WORDS = st.lists(st.sampled_from(["a", "b", "c", "dog", "Lisbon"]), max_size=6).map(" ".join)


def test_only_the_changed_words_are_named() -> None:
    found = change("Maria lives in Porto with a cat", "Maria lives in Lisbon with a cat")
    assert (found.before, found.old, found.new, found.after) == (
        "Maria lives in",
        "Porto",
        "Lisbon",
        "with a cat",
    )


def test_an_addition_has_nothing_old() -> None:
    found = change("Has a dog", "Has a dog and a cat")
    assert (found.before, found.old, found.new) == ("Has a dog", "", "and a cat")


@given(WORDS, WORDS)
def test_both_texts_can_be_put_together_again(old: str, new: str) -> None:
    found = change(old, new)
    was = [found.before, found.old, found.after]
    now = [found.before, found.new, found.after]
    assert " ".join(part for part in was if part) == old
    assert " ".join(part for part in now if part) == new
