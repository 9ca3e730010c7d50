"""Whatever the size of a chat, its notes and its message, the prompt fits the window."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from memchat.agents.answerer import Question, answer_prompt, note_line
from memchat.bank.types import Hit, Message
from memchat.context import Budget, conversation, cut_notes, fit, shorten
from memchat.engine.protocol import ChatMessage

SAID_AT = datetime(2023, 5, 8, tzinfo=UTC)


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def message(role: str, text: str, number: int = 1) -> Message:
    assert role in ("user", "assistant")
    return Message(number, 1, "user" if role == "user" else "assistant", text, SAID_AT)


def note(number: int, size: int, *, pinned: bool = False) -> Hit:
    return Hit("memory", number, "word " * size, SAID_AT, 1.0 / number, pinned=pinned)


def test_a_conversation_starts_with_the_user_and_alternates() -> None:
    turns = conversation(
        [
            message("assistant", "Welcome"),
            message("user", "one"),
            message("user", "two"),
            message("assistant", ""),
            message("assistant", "three"),
            message("user", "never answered"),
        ]
    )
    assert turns == (ChatMessage("user", "one\n\ntwo"), ChatMessage("assistant", "three"))


def test_what_fits_is_not_touched() -> None:
    history = (ChatMessage("user", "hello"), ChatMessage("assistant", "Hi!"))
    question = Question("And now?", date(2023, 5, 8), (note(1, 5),), history)
    fitted = fit(question, Budget(window=1000, notes=200), words)
    assert fitted.question == question
    assert not fitted.trimmed


def test_the_oldest_messages_go_first_and_in_steps() -> None:
    history = tuple(
        ChatMessage("user" if n % 2 == 0 else "assistant", f"m{n} " * 20) for n in range(20)
    )
    question = Question("And now?", date(2023, 5, 8), (), history)
    fitted = fit(question, Budget(window=500, notes=100), words)
    assert fitted.trimmed
    kept = fitted.question.history
    assert kept == history[-len(kept) :]
    assert (len(history) - len(kept)) % 4 == 0
    assert kept[0].role == "user"


def test_a_message_larger_than_the_window_keeps_its_beginning_and_end() -> None:
    question = Question("first " + "x " * 9000 + "last", date(2023, 5, 8))
    fitted = fit(question, Budget(window=400, notes=100), words)
    assert fitted.trimmed
    assert fitted.question.text.startswith("first ")
    assert fitted.question.text.endswith(" last")


def test_pinned_notes_stay_when_others_must_go() -> None:
    hits = [note(1, 10), note(2, 10), note(3, 10, pinned=True)]
    assert [hit.id for hit in cut_notes(hits, 26, words)] == [1, 3]


def test_a_note_that_is_too_long_makes_room_for_the_next() -> None:
    hits = [note(1, 5), note(2, 90), note(3, 5), note(4, 3, pinned=True)]
    size = {hit.id: words([note_line(hit)])[0] for hit in hits}
    assert [hit.id for hit in cut_notes(hits, sum(size.values()), words)] == [1, 2, 3, 4]
    assert [hit.id for hit in cut_notes(hits, size[1] + size[3] + size[4], words)] == [1, 3, 4]
    assert [hit.id for hit in cut_notes(hits, size[4], words)] == [4]
    assert cut_notes(hits, 0, words) == ()
    assert cut_notes((), 50, words) == ()


def test_shortening_to_nothing_gives_nothing() -> None:
    assert shorten("a b c", 0, words) == ""
    assert shorten("", -5, words) == ""


@given(
    st.integers(300, 3000),
    st.integers(0, 400),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.lists(st.integers(1, 200), max_size=30),
    st.lists(st.integers(1, 200), max_size=30),
)
def test_the_prompt_never_exceeds_the_window(
    window: int, share: int, text: int, document: int, notes: list[int], turns: list[int]
) -> None:
    question = Question(
        "word " * text,
        date(2023, 5, 8),
        tuple(note(n, size) for n, size in enumerate(notes, start=1)),
        tuple(ChatMessage("user", "word " * size) for size in turns),
        "word " * document,
    )
    fitted = fit(question, Budget(window, share), words)
    prompt = answer_prompt(fitted.question)
    assert sum(words([turn.content for turn in prompt])) <= window
