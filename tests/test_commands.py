from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat.commands import BY_NAME, COMMANDS, Invocation, Misuse, Text, complete, parse


def test_plain_text_goes_to_the_model() -> None:
    assert parse("What is 1/2?") == Text("What is 1/2?")


def test_two_slashes_send_one() -> None:
    assert parse("//etc/passwd") == Text("/etc/passwd")


def test_a_command_with_its_argument() -> None:
    assert parse("/remember  I like tea \n and cake") == Invocation(
        BY_NAME["remember"], "I like tea \n and cake"
    )
    assert parse("/NEW") == Invocation(BY_NAME["new"])


@pytest.mark.parametrize(
    ("line", "near"), [("/memroy on", "/memory"), ("/chat", "/chats"), ("/exprt", "/export")]
)
def test_an_unknown_command_suggests_the_nearest(line: str, near: str) -> None:
    answer = parse(line)
    assert isinstance(answer, Misuse)
    assert near in answer.hint


@pytest.mark.parametrize("line", ["/etc/passwd is a file", "/", "/ new", "/zzzzzz"])
def test_what_is_no_command_is_never_sent(line: str) -> None:
    assert isinstance(parse(line), Misuse)


@pytest.mark.parametrize("line", ["/remember", "/memory", "/memory maybe", "/rename   "])
def test_a_command_without_what_it_needs_says_how_to_write_it(line: str) -> None:
    answer = parse(line)
    assert isinstance(answer, Misuse)
    assert "/" + line[1:].split(maxsplit=1)[0] in answer.hint


def test_completion_narrows_down() -> None:
    assert [command.name for command in complete("/re")] == [
        "resume",
        "rename",
        "regen",
        "remember",
    ]
    assert complete("/") == list(COMMANDS)


@pytest.mark.parametrize("line", ["", "hello", "//re", "/rename it", "/rename "])
def test_nothing_to_complete(line: str) -> None:
    assert complete(line) == []


@given(st.text())
def test_a_line_is_text_or_a_command_or_explained(line: str) -> None:
    meaning = parse(line)
    assert isinstance(meaning, Text) == (not line.startswith("/") or line.startswith("//"))
    assert not isinstance(meaning, Misuse) or meaning.hint
