from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memchat.tui.window import SIZE, SLACK, STEP, Window


def test_a_long_chat_opens_at_its_end() -> None:
    window = Window()
    window.to_end(1000)
    assert (window.start, window.stop) == (1000 - SIZE, 1000)
    assert window.at_end


def test_sliding_up_brings_older_turns_and_lets_newer_ones_go() -> None:
    window = Window()
    window.to_end(100)
    assert window.up() == (STEP, 0)
    assert window.up() == (STEP, STEP)
    assert not window.at_end


def test_a_jump_shows_the_turn() -> None:
    window = Window()
    window.to_end(100)
    window.around(3)
    assert window.start <= 3 < window.stop


@given(st.integers(0, 200), st.lists(st.sampled_from(["up", "down", "append", "older", "around"])))
def test_the_window_never_outgrows_its_size(total: int, moves: list[str]) -> None:
    window = Window()
    window.to_end(total)
    for move in moves:
        if move == "append":
            if not window.at_end:
                window.to_end(window.total)
            window.append()
        elif move == "older":
            window.know_older(7)
        elif move == "around" and window.total:
            window.around(window.total // 2)
        elif move in {"up", "down"}:
            getattr(window, move)()
        assert 0 <= window.start <= window.stop <= window.total
        assert window.stop - window.start <= SIZE + SLACK
