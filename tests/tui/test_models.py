"""Going on with another model: F4 and /model."""

from __future__ import annotations

import pytest

from memchat import paths
from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.config import Settings
from memchat.tui.app import MemchatApp
from tests.fakes import FakeEngine
from tests.tui.conftest import clock
from tests.tui.stories import telling


@pytest.fixture
def asked_for() -> list[str]:
    """The models that an engine was made for."""
    return []


@pytest.fixture
def app(bank: Bank, asked_for: list[str]) -> MemchatApp:
    def make_assistant(bank: Bank, model: str) -> Assistant:
        asked_for.append(model)
        return Assistant(bank, FakeEngine(), Settings(), clock=clock)

    return MemchatApp(bank, make_assistant, now=clock)


@pytest.fixture
def tiny() -> str:
    """A model of the user's own, by name."""
    paths.models_dir().mkdir(parents=True)
    (paths.models_dir() / "tiny.gguf").write_bytes(b"GGUF")
    return "tiny"


async def test_another_model_goes_on_where_the_last_was(
    app: MemchatApp, asked_for: list[str], tiny: str
) -> None:
    async with telling(app) as story:
        await story.says("Hello")
        await story.sees("All right.")
        await story.says("/model tiny")
        await story.until(lambda: asked_for == ["", tiny])
        story.prompt.insert("half a sentence")
        await story.ready()
        assert "Hello" in story.seen
        assert story.prompt.text == "half a sentence"
        story.prompt.clear()
        await story.says("Still there?")
        await story.until(lambda: story.seen.count("All right.") == 2)


async def test_f4_lists_what_there_is(app: MemchatApp, asked_for: list[str], tiny: str) -> None:
    async with telling(app) as story:
        await story.presses("f4")
        await story.sees("memchat models pull")
        await story.types("tiny")
        await story.presses("enter")
        await story.until(lambda: asked_for == ["", tiny])


async def test_a_model_that_is_not_here_changes_nothing(
    app: MemchatApp, asked_for: list[str]
) -> None:
    async with telling(app) as story:
        await story.ready()
        await story.says("/model no-such-model")
        await story.sees("There is no model")
        assert asked_for == [""]
