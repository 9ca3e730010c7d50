"""Any size at any moment: nothing is lost and nothing breaks."""

from __future__ import annotations

import pytest

from memchat.bank.bank import Bank
from tests.fakes import FakeEngine
from tests.tui.conftest import make_app
from tests.tui.stories import NARROW, WIDE, telling
from tests.tui.test_memory_pane import remember


@pytest.mark.parametrize("size", [(4, 2), (10, 3), (40, 10), (300, 100)])
async def test_it_starts_at_any_size(
    bank: Bank, fake_engine: FakeEngine, size: tuple[int, int]
) -> None:
    remember(bank, "The user likes tea.")
    async with telling(make_app(bank, fake_engine), size) as story:
        await story.ready()
        await story.says("Hello")
        await story.until(lambda: (last := story.transcript.last) and last.reply)
        await story.presses("f2", "f1", "escape", "escape")
        assert story.app.is_running


async def test_resizing_keeps_the_text_and_moves_the_pane(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(make_app(bank, fake_engine), WIDE) as story:
        await story.types("half a thought")
        assert story.pane.display
        for size in (NARROW, (30, 8), (5, 2), NARROW, WIDE):
            await story.pilot.resize_terminal(*size)
            await story.pilot.pause()
            assert story.prompt.text == "half a thought"
            assert bool(story.pane.display) is (size == WIDE)


async def test_a_click_shows_a_memory_and_a_double_click_edits_it(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    remember(bank, "Maria is a nurse.", "The user likes tea.")
    async with telling(make_app(bank, fake_engine), WIDE) as story:
        await story.until(lambda: len(story.rows) == 2)
        await story.pilot.click("#memory-list", offset=(5, 1))
        await story.until(lambda: story.pane.row and "Maria" in story.pane.row.text)
        assert "Enter saves" not in story.seen
        await story.pilot.click("#memory-list", offset=(5, 1), times=2)
        await story.sees("Enter saves")
