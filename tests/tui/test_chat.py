"""Talking: from the first frame to an answer, a stop, and a resumed chat."""

from __future__ import annotations

import time

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Delivery
from memchat.engine.protocol import Role
from memchat.errors import EngineError, ModelError, StorageFullError
from memchat.tui.app import MemchatApp
from tests.fakes import FakeEngine
from tests.tui.conftest import make_app
from tests.tui.stories import NARROW, telling


async def test_a_question_is_answered(app: MemchatApp, fake_engine: FakeEngine) -> None:
    fake_engine.enqueue("Hello, **you**!")
    async with telling(app) as story:
        await story.says("Hi there")
        await story.sees("Hello, you!")
        assert "Hi there" in story.seen
        assert story.prompt.text == ""


async def test_typing_is_possible_while_the_model_loads(bank: Bank) -> None:
    engine = FakeEngine(load_delay=1.0)
    engine.enqueue("Here I am.")
    async with telling(make_app(bank, engine)) as story:
        await story.sees("loading model")
        await story.says("Are you there?")
        await story.sees("message queued")
        assert [message.text for message in bank.messages(1)][:1] == ["Are you there?"]
        await story.sees("Here I am.")


async def test_nothing_is_built_before_the_first_frame(bank: Bank) -> None:
    built: list[float] = []

    def make_assistant(_bank: Bank, _model: str) -> None:
        built.append(time.monotonic())
        raise ModelError("No model here.", "Install one.")

    app = MemchatApp(bank, make_assistant)  # type: ignore[arg-type]
    async with telling(app) as story:
        await story.sees("model failed")
        assert len(built) == 1
        await story.sees("Install one.")
        await story.says("hello?")
        await story.until(lambda: story.prompt.text == "hello?", "the text comes back")


async def test_escape_stops_the_answer_and_keeps_what_there_is(bank: Bank) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("word " * 500)
    async with telling(make_app(bank, engine)) as story:
        await story.says("Tell me a long story")
        await story.sees("word word")
        await story.presses("escape")
        await story.sees("stopped, F5 answers again")
        reply = bank.messages(1)[-1]
        assert reply.delivery is Delivery.STOPPED
        assert reply.text.startswith("word word")


async def test_f5_answers_again(app: MemchatApp, fake_engine: FakeEngine) -> None:
    fake_engine.enqueue("First try.", "Second try.")
    async with telling(app) as story:
        await story.says("Say something")
        await story.sees("First try.")
        await story.remembers()
        await story.presses("f5")
        await story.sees("Second try.")
        assert "First try." not in story.seen
        assert len(story.transcript.records) == 1


async def test_a_failed_answer_says_why_and_can_be_tried_again(
    app: MemchatApp, fake_engine: FakeEngine
) -> None:
    fake_engine.enqueue(EngineError("The model choked.", "Try a shorter question."), "Better now.")
    async with telling(app) as story:
        await story.says("Hm?")
        await story.sees("The model choked. Try a shorter question.")
        await story.sees("failed, F5 tries again")
        await story.presses("f5")
        await story.sees("Better now.")
        assert "choked" not in story.seen


async def test_a_message_that_cannot_be_saved_stays_in_the_prompt(
    app: MemchatApp, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_named: object) -> None:
        raise StorageFullError("The disk is full.", "Make room, then send it again.")

    async with telling(app) as story:
        await story.ready()
        monkeypatch.setattr(bank, "add_message", full)
        await story.says("Precious words")
        await story.sees("The disk is full.")
        assert story.prompt.text == "Precious words"
        assert story.transcript.records == []


async def test_a_crashed_model_restarts_and_answers(
    app: MemchatApp, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await story.ready()
        fake_engine.crash_next()
        fake_engine.enqueue("Back again.")
        await story.says("Still there?")
        await story.sees("Back again.")
        assert "restarting" in story.seen


async def test_a_resumed_chat_shows_its_history(bank: Bank, fake_engine: FakeEngine) -> None:
    fake_engine.enqueue("Nice to meet you.")
    fake_engine.enqueue("The user is called Ada.", "ADD", role=Role.MEMORY)
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("I am Ada")
        await story.sees("Nice to meet you.")
        await story.remembers()
    again = make_app(bank, FakeEngine(), chat_id=bank.chats()[0].id)
    async with telling(again) as story:
        await story.sees("Nice to meet you.")
        assert "I am Ada" in story.seen
        assert "+1" in story.seen


async def test_a_line_break_does_not_send(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.types("one\ntwo")
        assert story.prompt.text == "one\ntwo"
        assert story.transcript.records == []


async def test_a_blank_message_is_not_sent(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.says("  \n ")
        await story.pilot.pause(0.1)
        assert story.transcript.records == []


async def test_markup_and_control_codes_are_shown_not_obeyed(
    app: MemchatApp, fake_engine: FakeEngine
) -> None:
    fake_engine.enqueue("\x1b[31mred\x1b[0m [bold]not bold[/bold] <b>tag</b> ![cat](http://x/y)")
    async with telling(app, NARROW) as story:
        await story.says("\x1b]0;title\x07 [red]hi[/red]")
        await story.sees("[bold]not bold[/bold]")
        assert "[red]hi[/red]" in story.seen
        assert "<b>tag</b>" in story.seen
        assert "\x1b" not in story.seen


async def test_quitting_while_answering_takes_less_than_a_second(bank: Bank) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("word " * 500)
    app = make_app(bank, engine)
    async with telling(app) as story:
        await story.says("Tell me a long story")
        await story.sees("word word")
        started = time.monotonic()
        app.simulate_key("ctrl+q")  # the pilot's own press waits for the screen to be still
    assert time.monotonic() - started < 1.0
    assert engine.closed
    assert bank.messages(1)[-1].text.startswith("word")


async def test_a_second_message_waits_for_the_first_answer(bank: Bank) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("one " * 40, "two two two")
    async with telling(make_app(bank, engine)) as story:
        await story.ready()
        await story.says("First")
        await story.sees("one one")
        await story.says("Second")
        await story.sees("queued")
        await story.presses("f5")  # nothing to do again yet
        await story.sees("two two two")
        assert [message.role for message in bank.messages(1)].count("assistant") == 2


async def test_escape_stops_an_answer_of_a_chat_that_was_left(bank: Bank) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("word " * 500)
    async with telling(make_app(bank, engine)) as story:
        await story.says("Tell me a long story")
        await story.sees("word word")
        await story.says("/new")
        await story.sees("A new chat.")
        await story.presses("escape")
        await story.remembers()
        assert bank.messages(1)[-1].delivery is Delivery.STOPPED
