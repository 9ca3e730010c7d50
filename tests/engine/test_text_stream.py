from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memchat.engine.text_stream import TextStream


def stream(pieces: list[bytes], *stop: str) -> list[str]:
    text = TextStream(stop)
    return [*(text.feed(piece) for piece in pieces), text.feed(b"", final=True)]


def test_characters_come_whole() -> None:
    first, second = "é".encode()[:1], "é".encode()[1:]
    assert stream([first, second]) == ["", "é", ""]


def test_a_broken_character_at_the_end_is_replaced() -> None:
    assert stream(["é".encode()[:1]]) == ["", "\ufffd"]


def test_nothing_of_a_stop_string_leaks() -> None:
    assert stream([b"one E", b"N", b"D two"], "END") == ["one ", "", "", ""]


def test_what_only_looked_like_a_stop_string_comes_out() -> None:
    assert stream([b"E", b"N", b"T"], "END") == ["", "", "ENT", ""]


def test_the_earliest_stop_string_counts() -> None:
    assert "".join(stream([b"a, b. c"], ".", ",")) == "a"


def up_to_the_first_stop(text: str, stop: list[str]) -> str:
    for length in range(len(text) + 1):
        places = [text[:length].find(mark) for mark in stop if mark in text[:length]]
        if places:
            return text[: min(places)]
    return text


@given(st.text(alphabet="abcé😀"), st.lists(st.text(alphabet="abcé", min_size=1), max_size=3))
def test_byte_by_byte_the_text_comes_up_to_the_stop_that_is_whole_first(
    text: str, stop: list[str]
) -> None:
    pieces = [bytes([byte]) for byte in text.encode()]
    assert "".join(stream(pieces, *stop)) == up_to_the_first_stop(text, stop)
