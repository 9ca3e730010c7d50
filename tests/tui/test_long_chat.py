"""A chat of hundreds of turns: a few are mounted, all can be reached."""

from __future__ import annotations

import pytest

from memchat.bank.bank import Bank
from memchat.tui.widgets.turn import Turn
from memchat.tui.window import SIZE, SLACK
from tests.fakes import FakeEngine
from tests.tui.conftest import make_app
from tests.tui.stories import Story, telling
from tests.tui.test_prompt import chat_with

TURNS = 60


@pytest.fixture
def chat(bank: Bank) -> int:
    return chat_with(bank, *(f"Question {number}" for number in range(TURNS)))


def mounted(story: Story) -> list[str]:
    return [turn.record.question.text for turn in story.transcript.query(Turn)]


async def opened(story: Story) -> None:
    await story.sees(f"Answer to: Question {TURNS - 1}")


async def test_only_the_newest_turns_are_mounted(
    bank: Bank, fake_engine: FakeEngine, chat: int
) -> None:
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await opened(story)
        assert len(mounted(story)) == SIZE


async def test_scrolling_up_reaches_the_first_turn(
    bank: Bank, fake_engine: FakeEngine, chat: int
) -> None:
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await opened(story)
        story.transcript.focus()
        for _ in range(60):
            await story.presses("home")
            if "Question 0" in mounted(story):
                break
        assert "Question 0" in mounted(story)
        assert len(mounted(story)) <= SIZE + SLACK
        await story.presses("end")
        await opened(story)


async def test_what_is_read_stays_in_place_while_older_turns_arrive(
    bank: Bank, fake_engine: FakeEngine, chat: int
) -> None:
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await opened(story)
        story.transcript.scroll_to(y=1, animate=False)
        await story.until(lambda: len(mounted(story)) > SIZE)
        await story.pilot.pause()
        first_before = f"Question {TURNS - SIZE}"
        assert first_before in story.seen


async def test_an_answer_does_not_pull_the_reader_down(
    bank: Bank, fake_engine: FakeEngine, chat: int
) -> None:
    fake_engine.token_delay = 0.01
    fake_engine.enqueue("word " * 80)
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await opened(story)
        await story.ready()
        await story.says("A new question")
        await story.sees("A new question")
        story.transcript.scroll_to(y=story.transcript.max_scroll_y - 30, animate=False)
        await story.pilot.pause()
        reading = story.transcript.scroll_y
        await story.remembers()
        assert story.transcript.scroll_y == reading
        await story.says("/new")


async def test_a_new_message_is_shown_from_wherever_one_reads(
    bank: Bank, fake_engine: FakeEngine, chat: int
) -> None:
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await opened(story)
        await story.transcript.jump(1)
        await story.sees("Question 0")
        await story.says("And now?")
        await story.sees("And now?")
        await story.sees("All right.")
