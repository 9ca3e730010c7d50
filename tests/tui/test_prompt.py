"""Writing: commands and their popup, history, recalling, editing, copying."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import MemoryState, State
from memchat.commands import COMMANDS
from memchat.engine.protocol import Role
from memchat.tui.app import MemchatApp
from memchat.tui.screens.chats import Chats
from memchat.tui.screens.confirm import Confirm
from memchat.tui.screens.help import Help
from tests.fakes import FakeEngine
from tests.tui.conftest import clock, make_app
from tests.tui.stories import telling
from tests.tui.test_memory_pane import remember


def chat_with(bank: Bank, *questions: str, title: str = "Earlier") -> int:
    """A chat as it was left by an earlier run; its id."""
    chat = bank.create_chat(title=title)
    for question in questions:
        message = bank.add_message(chat.id, "user", question, said_at=clock())
        bank.add_message(
            chat.id, "assistant", f"Answer to: {question}", said_at=clock(), reply_to=message.id
        )
    return chat.id


def test_every_command_is_carried_out_by_a_method() -> None:
    from memchat.tui.screens.chat import ChatScreen

    missing = [each.name for each in COMMANDS if not hasattr(ChatScreen, f"command_{each.name}")]
    assert missing == []


async def test_a_slash_opens_the_list_and_tab_completes(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.types("/rem")
        await story.sees("Add a memory in your own words")
        await story.presses("tab")
        assert story.prompt.text == "/remember "
        assert "Add a memory in your own words" not in story.seen


async def test_the_arrows_choose_from_the_list_and_escape_closes_it(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.types("/re")
        await story.presses("down", "tab")
        assert story.prompt.text == "/rename "
        await story.presses("ctrl+u")
        await story.types("/re")
        await story.presses("escape")
        assert story.prompt.text == "/re"
        assert "Give this chat a title" not in story.seen


async def test_enter_on_a_finished_command_runs_it(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.types("/help")
        await story.presses("enter")
        await story.until(lambda: isinstance(app.screen, Help))
        assert "Write this chat to a file" in story.seen or "Prompt" in story.seen


async def test_an_unknown_command_is_not_sent_and_stays(app: MemchatApp, bank: Bank) -> None:
    async with telling(app) as story:
        await story.says("/memroy off")
        await story.sees("Did you mean /memory?")
        assert story.prompt.text == "/memroy off"
        assert bank.chats() == []


async def test_two_slashes_send_a_message_with_one(app: MemchatApp, bank: Bank) -> None:
    async with telling(app) as story:
        await story.says("//etc/hosts is a file")
        await story.until(bank.chats)
        assert bank.messages(1)[0].text == "/etc/hosts is a file"


async def test_up_recalls_what_was_sent_and_down_returns_to_the_draft(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    chat_with(bank, "first question", "second question")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.types("draft")
        await story.presses("up")
        assert story.prompt.text == "second question"
        await story.presses("up", "up")
        assert story.prompt.text == "first question"
        await story.presses("down", "down", "down")
        assert story.prompt.text == "draft"


async def test_up_inside_a_longer_text_moves_the_cursor(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    chat_with(bank, "earlier")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.types("one\ntwo")
        await story.presses("up")
        assert story.prompt.text == "one\ntwo"
        await story.presses("up")
        assert story.prompt.text == "earlier"


async def test_ctrl_r_searches_what_was_sent(bank: Bank, fake_engine: FakeEngine) -> None:
    chat_with(bank, "How do I bake bread?", "Where is Lisbon?")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.presses("ctrl+r")
        await story.sees("What you sent before")
        await story.types("bread")
        await story.presses("enter")
        await story.until(lambda: story.prompt.text == "How do I bake bread?")


async def test_the_last_message_is_edited_and_its_memories_stay(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    fake_engine.enqueue("Hello.", "1", "Hello, Ada!")
    fake_engine.enqueue("The user lives in Porto.", "ADD", role=Role.MEMORY)
    async with telling(app) as story:
        await story.says("I am Adda from Porto")
        await story.sees("Hello.")
        await story.remembers()
        await story.presses("alt+up")
        assert story.prompt.text == "I am Adda from Porto"
        await story.sees("editing the last message")
        story.prompt.clear()
        await story.says("I am Ada from Porto")
        await story.sees("Hello, Ada!")
        await story.remembers()
        assert [each.text for each in bank.messages(1)] == ["I am Ada from Porto", "Hello, Ada!"]
        assert [each.text for each in bank.memories()] == ["The user lives in Porto."]
        assert "Adda" not in story.seen
        assert "editing" not in story.seen


async def test_escape_leaves_the_last_message_as_it_is(app: MemchatApp, bank: Bank) -> None:
    async with telling(app) as story:
        await story.says("First")
        await story.sees("All right.")
        await story.remembers()
        await story.presses("alt+up", "escape")
        await story.says("!")
        await story.until(lambda: len(bank.messages(1)) == 4)
        assert [each.text for each in bank.messages(1) if each.role == "user"] == [
            "First",
            "First!",
        ]


async def test_the_answer_is_copied(app: MemchatApp, fake_engine: FakeEngine) -> None:
    fake_engine.enqueue("Copy *me*.")
    async with telling(app) as story:
        await story.presses("ctrl+y")
        await story.sees("There is no answer to copy yet.")
        await story.says("Say it")
        await story.sees("Copy me.")
        await story.remembers()
        await story.presses("ctrl+y")
        assert app.clipboard == "Copy *me*."


async def test_ctrl_c_stops_then_quits_when_pressed_twice(bank: Bank) -> None:
    engine = FakeEngine(token_delay=0.02)
    engine.enqueue("word " * 500)
    app = make_app(bank, engine)
    async with telling(app) as story:
        await story.says("Tell me a long story")
        await story.sees("word word")
        await story.presses("ctrl+c")
        await story.sees("stopped")
        await story.presses("ctrl+c")
        await story.sees("Press Ctrl+C again to quit")
        assert app.is_running
        await story.presses("ctrl+c")
        assert not app.is_running


async def test_remember_writes_a_memory(app: MemchatApp, bank: Bank) -> None:
    async with telling(app) as story:
        await story.says("/remember I am allergic to peanuts")
        await story.until(bank.memories)
        await story.sees("I am allergic to peanuts")
        assert bank.chats() == []


async def test_forget_finds_the_memory_and_erases_it_only_after_a_yes(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    remember(bank, "Maria is a nurse.", "The user likes tea.")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("/forget tea")
        await story.until(lambda: len(story.rows) == 1)
        await story.until(lambda: story.pane.has_focus_within)
        await story.presses("D")
        await story.until(lambda: isinstance(story.app.screen, Confirm))
        await story.presses("y")
        await story.until(lambda: bank.counts().get(State.ACTIVE) == 1)


@pytest.mark.parametrize(
    ("command", "word", "state"),
    [
        ("/memory pause", "memory paused", MemoryState.NONE),
        ("/memory off", "memory off", MemoryState.NONE),
        ("/memory on", "memory on", MemoryState.DONE),
    ],
)
async def test_modes_are_visible_and_do_what_they_say(
    bank: Bank, fake_engine: FakeEngine, command: str, word: str, state: MemoryState
) -> None:
    remember(bank, "Maria is a nurse.")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.ready()
        await story.says(command)
        await story.until(lambda: word in story.status, word)
        await story.says("What does Maria do?")
        await story.sees("tok/s ·")
        await story.remembers()
        question = bank.messages(1)[0]
        assert question.memory_state is state
        assert bool(bank.uses(question.id)) is (command != "/memory off")


async def test_a_chat_is_exported(bank: Bank, fake_engine: FakeEngine, tmp_path: Path) -> None:
    chat = chat_with(bank, "How do I bake bread?", title="Bread")
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await story.sees("Answer to: How do I bake bread?")
        await story.says(f"/export {tmp_path / 'bread.md'}")
        await story.sees("Chat written to")
        assert "# Bread" in (tmp_path / "bread.md").read_text()
        await story.says(f"/export {tmp_path / 'bread.md'}")
        await story.sees("is there already")


async def test_chats_are_listed_searched_and_resumed(bank: Bank, fake_engine: FakeEngine) -> None:
    bread = chat_with(bank, "How do I bake bread?", title="Bread")
    chat_with(bank, "Where is Lisbon?", title="Travel")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.presses("f3")
        await story.sees("Travel")
        await story.types("bre")
        await story.until(lambda: "Travel" not in story.seen)
        await story.presses("enter")
        await story.sees("Answer to: How do I bake bread?")
        assert story.app.session.chat_id == bread


async def test_a_chat_is_renamed_and_deleted_from_the_list(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    chat = chat_with(bank, "How do I bake bread?", title="Bread")
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await story.presses("f3")
        await story.until(lambda: isinstance(story.app.screen, Chats))
        await story.presses("ctrl+r", "!", "enter")
        await story.sees("Bread!")
        await story.presses("ctrl+d")
        await story.sees("Delete this chat?")
        await story.presses("y")
        await story.until(lambda: not bank.chats())
        await story.presses("escape")
        await story.until(lambda: not story.transcript.records)


async def test_help_is_about_what_has_the_focus(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.presses("f1")
        await story.sees("Write your message here.")
        await story.presses("escape", "f2", "f1")
        await story.sees("What memchat remembers")


async def test_the_palette_has_the_commands(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.presses("ctrl+p")
        await story.types("rename")
        await story.sees("Give this chat a title")
        await story.presses("enter")
        await story.until(lambda: story.prompt.text == "/rename ")


async def test_turns_are_selected_with_ctrl_and_the_arrows(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    chat = chat_with(bank, "first", "second", "third")
    async with telling(make_app(bank, fake_engine, chat)) as story:
        await story.sees("Answer to: third")
        await story.presses("ctrl+up")
        assert story.app.screen.selected is story.transcript.records[1]  # type: ignore[attr-defined]
        await story.presses("ctrl+y")
        assert story.app.clipboard == "Answer to: second"
