"""The memory pane: operations as they are decided, and everything one can do about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.bank.types import Op, State
from memchat.engine.protocol import Role
from memchat.errors import EngineError
from memchat.tui.app import MemchatApp
from memchat.tui.widgets.inspector import Editor
from memchat.tui.widgets.memory_pane import PAGE
from tests.fakes import FakeEngine, bag_of_words
from tests.tui.conftest import make_app
from tests.tui.stories import NARROW, Story, telling


def remember(bank: Bank, *texts: str) -> list[int]:
    """Put memories into the bank as the user would; their ids."""
    bank.claim_embedding("bag-of-words", 384)
    events = [bank.add(text, vector=bag_of_words(text)) for text in texts]
    return [event.memory_id or 0 for event in events]


async def tell_of_a_dog(story: Story, engine: FakeEngine) -> None:
    engine.enqueue("Lucky dog!")
    engine.enqueue("The user adopted a dog, Biscuit.", role=Role.MEMORY)
    await story.says("I adopted a dog, Biscuit")
    await story.sees("added · just now")
    await story.remembers()


async def test_a_new_memory_appears_as_it_is_decided(
    app: MemchatApp, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await story.sees("Nothing is remembered yet.")
        await tell_of_a_dog(story, fake_engine)
        assert story.rows == ["+ The user adopted a dog, Biscuit. (added · just now)"]
        assert "Memory  1 active" in story.seen
        await story.sees("+1")


async def test_facts_are_ghosts_until_they_are_decided(bank: Bank) -> None:
    engine = FakeEngine(token_delay=0.15)
    engine.enqueue("Nice.")
    engine.enqueue("The user has a cat.\nThe user has a dog.", "ADD", role=Role.MEMORY)
    async with telling(make_app(bank, engine)) as story:
        await story.says("I have a cat and a dog")
        await story.sees("checking…")
        await story.remembers()
        assert "checking" not in story.seen
        assert len(story.rows) == 2


async def test_an_update_shows_old_and_new(bank: Bank, fake_engine: FakeEngine) -> None:
    bank.claim_embedding("bag-of-words", 384)
    fake_engine.enqueue("Welcome to Porto!", "1", "Lisbon is lovely.")
    fake_engine.enqueue("The user lives in Porto.", role=Role.MEMORY)
    fake_engine.enqueue(
        "The user lives in Lisbon.", "UPDATE 1: The user lives in Lisbon.", role=Role.MEMORY
    )
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("I live in Porto")
        await story.sees("added · just now")
        await story.remembers()
        await story.says("I moved to Lisbon")
        await story.sees("updated · just now")
        assert "Porto. →" in story.seen


async def test_a_memory_is_corrected_in_place(app: MemchatApp, fake_engine: FakeEngine) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "enter")
        story.app.query_one(Editor).text = "The user adopted a cat, Biscuit."
        await story.presses("enter")
        await story.sees("edited · just now")
        assert "The user adopted a cat, Biscuit." in story.rows[0]
        assert story.app.session.bank.memories()[0].edited


async def test_an_edit_can_be_left(app: MemchatApp, fake_engine: FakeEngine) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "enter", "x", "y", "escape")
        assert "Biscuit.xy" not in story.seen
        await story.presses("escape")
        assert story.prompt.has_focus


async def test_an_edit_that_fails_gives_the_text_back(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "enter", "x")
        fake_engine.crash_next(EngineError("The embedder is gone.", "Restart memchat."))
        await story.presses("enter")
        await story.sees("The embedder is gone.")
        assert story.app.query_one(Editor).text.endswith("Biscuit.x")
        assert bank.memories()[0].text.endswith("Biscuit.")


async def test_delete_hides_and_undo_brings_back(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "d")
        await story.sees("removed · just now")
        assert bank.counts()[State.DELETED] == 1
        assert "Memory  0 active · 1 removed" in story.seen
        await story.presses("u")
        await story.sees("Memory  1 active")
        assert bank.memories()[0].text == "The user adopted a dog, Biscuit."


async def test_undo_works_after_a_restart(bank: Bank, fake_engine: FakeEngine) -> None:
    async with telling(make_app(bank, fake_engine)) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "d")
        await story.sees("removed")
    async with telling(make_app(bank, FakeEngine())) as story:
        await story.sees("0 active")
        await story.presses("f2", "u")
        await story.sees("1 active")


async def test_forgetting_asks_first_and_then_leaves_nothing(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "D")
        await story.sees("This cannot be undone.")
        await story.presses("n")
        assert bank.counts()[State.ACTIVE] == 1
        await story.presses("D", "y")
        await story.sees("Erased, with all its traces")
        assert bank.memories(state=None) == []
        assert story.rows == []


async def test_enter_on_the_question_takes_the_safe_answer(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "D", "enter")
        await story.pilot.pause(0.1)
        assert bank.counts()[State.ACTIVE] == 1


async def test_a_pinned_memory_is_only_ever_changed_with_a_yes(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    (porto,) = remember(bank, "The user lives in Porto.")
    fake_engine.enqueue("1", "Lisbon is lovely.")
    fake_engine.enqueue(
        "The user lives in Lisbon.", "UPDATE 1: The user lives in Lisbon.", role=Role.MEMORY
    )
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("I moved to Lisbon")
        await story.sees("change it? y / n")
        assert bank.memory(porto).text == "The user lives in Porto."
        await story.presses("f2", "home", "y")
        await story.sees("Memory  1 active")
        await story.until(lambda: "change it?" not in story.seen)
        assert bank.memories()[0].text == "The user lives in Lisbon."


async def test_no_leaves_the_memory_as_it_was(bank: Bank, fake_engine: FakeEngine) -> None:
    (porto,) = remember(bank, "The user lives in Porto.")
    fake_engine.enqueue("1", "Oh.")
    fake_engine.enqueue("The user left Porto.", "DELETE 1", role=Role.MEMORY)
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("I left Porto")
        await story.sees("remove it? y / n")
        await story.presses("f2", "home", "n")
        await story.until(lambda: not bank.suggestions())
        await story.until(lambda: "remove it?" not in story.seen)
        assert bank.memory(porto).state is State.ACTIVE


async def test_pinning_is_shown_in_words(bank: Bank, fake_engine: FakeEngine) -> None:
    remember(bank, "The user is allergic to peanuts.")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.sees("allergic")
        await story.presses("f2", "p")
        await story.until(lambda: story.rows[0].startswith("*"))
        assert bank.memories()[0].pinned
        await story.presses("p")
        await story.until(lambda: not bank.memories()[0].pinned)


async def test_a_memory_written_by_hand(app: MemchatApp, bank: Bank) -> None:
    async with telling(app) as story:
        await story.ready()
        await story.presses("f2", "n")
        story.app.query_one(Editor).text = "The user likes tea."
        await story.presses("enter")
        await story.until(bank.memories)
        await story.sees("The user likes tea.")


async def test_the_memories_behind_an_answer_are_marked(
    bank: Bank, fake_engine: FakeEngine
) -> None:
    remember(bank, "Maria is a nurse.", "The user likes tea.")
    fake_engine.enqueue("1", "She is a nurse.")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("What does Maria do?")
        await story.sees("She is a nurse.")
        await story.until(lambda: any("cited" in row for row in story.rows))
        await story.sees("1 memory used · 1 cited")


async def test_search_narrows_the_list(bank: Bank, fake_engine: FakeEngine) -> None:
    first, _second = remember(bank, "Maria is a nurse.", "The user likes tea.")
    bank.pin(first, True)
    async with telling(make_app(bank, fake_engine)) as story:
        await story.presses("f2", "slash")
        await story.types("tea")
        assert [row for row in story.rows if "nurse" in row] == []
        await story.presses("ctrl+u")
        await story.types("pin:")
        assert ["nurse" in row for row in story.rows] == [True]
        await story.types(" op:zap")
        assert "op:zap? one of add, update" in story.seen
        await story.types(" nothing")
        assert "Nothing matches." in story.seen
        await story.presses("escape")
        assert len(story.rows) == 2


async def test_all_decisions_can_be_seen(app: MemchatApp, fake_engine: FakeEngine) -> None:
    fake_engine.enqueue("Ok.")
    fake_engine.enqueue("The user has a dog.\nThe user is.", "NOOP", role=Role.MEMORY)
    async with telling(app) as story:
        await story.says("I have a dog")
        await story.sees("added")
        await story.remembers()
        assert all("nothing new" not in row for row in story.rows)
        await story.presses("f2", "v")
        assert any("nothing new · manager" in row for row in story.rows)


async def test_the_inspector_quotes_the_source_and_goes_there(
    app: MemchatApp, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2")
        assert "“I adopted a dog, Biscuit”" in story.seen
        await story.presses("h")
        assert "added just now by manager" in story.seen
        await story.presses("g")
        await story.until(lambda: story.app.query(".-selected"))


@pytest.mark.parametrize("key", ["d", "D", "u", "p", "y", "g", "h", "enter", "v"])
async def test_every_key_is_harmless_on_an_empty_pane(app: MemchatApp, key: str) -> None:
    async with telling(app) as story:
        await story.presses("f2", key)
        assert app.is_running


async def test_on_a_narrow_screen_the_pane_is_a_drawer(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(app, NARROW) as story:
        assert not story.pane.display
        fake_engine.enqueue("Lucky dog!")
        fake_engine.enqueue("The user adopted a dog.", role=Role.MEMORY)
        await story.says("I adopted a dog")
        await story.sees("Memory added")
        await story.sees("+1")
        await story.presses("f2")
        await story.until(lambda: story.pane.display)
        assert "The user adopted a dog." in story.seen
        await story.presses("escape")
        await story.until(lambda: not story.pane.display)
        assert story.prompt.has_focus


async def test_f2_goes_to_the_pane_then_hides_it(app: MemchatApp) -> None:
    async with telling(app) as story:
        await story.presses("f2")
        assert story.pane.has_focus_within
        await story.presses("f2")
        assert not story.pane.display
        assert story.prompt.has_focus


async def test_operations_count_what_is_not_undone(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine
) -> None:
    async with telling(app) as story:
        await tell_of_a_dog(story, fake_engine)
        await story.presses("f2", "u")
        await story.sees("0 active")
        await story.sees("nothing new to remember")
        assert [event.op for event in bank.events()] == [Op.ADD, Op.UNDO]


async def test_a_search_finds_what_is_meant(app: MemchatApp, bank: Bank) -> None:
    remember(bank, "The user plays the cello.", "The user is allergic to peanuts.")
    async with telling(app) as story:
        await story.ready()
        await story.presses("f2")
        await story.types("/the user is allergic against nuts")
        await story.until(lambda: story.rows, "what is near")
        assert story.rows[0] == "The user is allergic to peanuts. (similar)"


async def test_a_conversation_from_a_file_is_remembered(
    app: MemchatApp, bank: Bank, fake_engine: FakeEngine, tmp_path: Path
) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text('{"role": "user", "text": "I play the cello"}\n')
    fake_engine.enqueue("The user plays the cello.", "ADD", role=Role.MEMORY)
    async with telling(app) as story:
        await story.ready()
        await story.says(f"/import {file}")
        await story.sees("1 messages are read")
        await story.until(lambda: story.rows)
        assert "The user plays the cello." in story.rows[0]


async def test_memories_are_written_to_a_file(app: MemchatApp, bank: Bank, tmp_path: Path) -> None:
    remember(bank, "The user plays the cello.")
    file = tmp_path / "memories.jsonl"
    async with telling(app) as story:
        await story.says(f"/memory export {file}")
        await story.sees("Memories written to")
        assert "cello" in file.read_text()
        await story.says(f"/memory export {file}")
        await story.sees("is there already")


async def test_thousands_are_listed_a_page_at_a_time(app: MemchatApp, bank: Bank) -> None:
    remember(bank, *(f"Fact number {number}." for number in range(PAGE + 30)))
    async with telling(app) as story:
        await story.until(lambda: len(story.rows) == PAGE)
        await story.presses("f2", "end")
        await story.until(lambda: len(story.rows) == PAGE + 30)
