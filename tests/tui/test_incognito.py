"""Incognito does just what it says: nothing is read, nothing is saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat import paths
from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.config import Settings
from memchat.tui.app import MemchatApp
from tests.fakes import FakeEngine, bag_of_words
from tests.tui.conftest import clock
from tests.tui.stories import Story, telling
from tests.tui.test_prompt import chat_with


@pytest.fixture
def bank() -> Bank:
    """In the data directory, with something to read."""
    bank = Bank.open(paths.database_file())
    bank.claim_embedding("bag-of-words", 384)
    bank.add("The user owns a secret yacht.", vector=bag_of_words("secret yacht"))
    chat_with(bank, "an earlier question")
    return bank


def app_over(bank: Bank | None, engines: list[FakeEngine]) -> MemchatApp:
    def make_assistant(bank: Bank, _model: str) -> Assistant:
        engines.append(FakeEngine(default_replies={}))
        return Assistant(bank, engines[-1], Settings(), clock=clock)

    return MemchatApp(bank, make_assistant, now=clock)


def everything() -> dict[Path, bytes]:
    """Every file below the data directory with its content."""
    return {path: path.read_bytes() for path in paths.data_dir().rglob("*") if path.is_file()}


async def use_it_all(story: Story) -> None:
    """What would leave a trace in an ordinary chat."""
    await story.ready()
    await story.says("I own a secret yacht, where is it?")
    await story.sees("All right.")
    await story.remembers()
    for command in ("/remember I like tea", "/memory on", "/theme nord", "/rename Yachts"):
        await story.says(command)
    await story.until(lambda: story.app.theme == "nord")
    await story.presses("f2", "less_than_sign", "n", "escape")
    await story.pilot.pause()


async def test_not_a_byte_reaches_the_disk(bank: Bank) -> None:
    engines: list[FakeEngine] = []
    before = everything()
    async with telling(app_over(None, engines)) as story:
        await use_it_all(story)
        assert "incognito" in story.status
    assert everything() == before
    bank.close()


async def test_a_chat_goes_incognito_and_comes_back(bank: Bank) -> None:
    engines: list[FakeEngine] = []
    async with telling(app_over(bank, engines)) as story:
        await story.says("Out in the open")
        await story.sees("All right.")
        await story.remembers()
        before = everything()
        await story.says("/incognito")
        await story.sees("I read no memories and no chats")
        assert "yacht" not in story.seen
        await use_it_all(story)
        assert everything() == before
        assert engines[0].closed
        await story.says("/incognito")
        await story.sees("Out in the open")
        await story.sees("The user owns a secret yacht.")
        assert "where is it" not in story.seen
        await story.presses("up")
        assert story.prompt.text == "Out in the open"
    bank.close()


async def test_nothing_is_read(bank: Bank) -> None:
    engines: list[FakeEngine] = []
    async with telling(app_over(bank, engines)) as story:
        await story.says("/incognito")
        await story.sees("I read no memories and no chats")
        await use_it_all(story)
        asked = [str(request.messages) for request in engines[-1].requests]
        assert asked
        assert not any("an earlier question" in each or "owns" in each for each in asked)
        await story.presses("escape", "f3")
        await story.sees("Type to search")
        assert "an earlier question" not in story.seen
    bank.close()


async def test_a_program_started_incognito_stays_so() -> None:
    engines: list[FakeEngine] = []
    async with telling(app_over(None, engines)) as story:
        await story.ready()
        await story.says("/incognito")
        await story.sees("start it without --incognito")
        assert "incognito" in story.status
