"""Every state as it looks on a small and on a large screen. Renew with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from memchat.bank.bank import Bank
from memchat.engine.protocol import Role
from memchat.errors import DatabaseBusyError, EngineCrashedError, EngineError, StorageFullError
from memchat.tui.widgets.prompt import Prompt
from tests.tui.conftest import make_app
from tests.tui.fakes import HeldEngine, Place
from tests.tui.stories import NARROW, WIDE, Story
from tests.tui.test_memory_pane import remember
from tests.tui.test_prompt import chat_with

Compare = Callable[..., bool]
Scene = Callable[[Story, HeldEngine], Awaitable[None]]
QUESTION = "I moved to Lisbon and adopted a dog, Biscuit!"
ANSWER = """\
Congratulations on both! Since **Maria** is a nurse, she may know a vet:

- ask her
- or look for one near `Alfama`

```python
print("woof")
```
"""


@pytest.fixture(params=[NARROW, WIDE], ids=["80x24", "120x40"])
def looks(
    request: pytest.FixtureRequest,
    snap_compare: Compare,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """Plays a scene and compares the screen at its end with the one on file."""
    lines = [
        "Everything stays on this machine, in ~/memchat.",
        "A better model: memchat models pull",
    ]
    monkeypatch.setattr("memchat.welcome.welcome_lines", lambda _model: lines)

    def look(scene: Scene, hold: Place | None = None, chat: int | None = None) -> None:
        engine = HeldEngine(hold)
        app = make_app(bank, engine, chat)

        async def play(pilot: Pilot[None]) -> None:
            story = Story(pilot)
            await story.until(lambda: app.query(Prompt), "the screen")
            story.prompt.cursor_blink = False
            await scene(story, engine)

        assert snap_compare(app, terminal_size=request.param, run_before=play)

    return look


def know_some(bank: Bank) -> None:
    """Memories to work with; the second is pinned."""
    _maria, peanuts, _porto = remember(
        bank,
        "Maria, the user's sister, is a nurse in Braga.",
        "The user is allergic to peanuts.",
        "The user lives in Porto.",
    )
    bank.pin(peanuts, True)


def script(engine: HeldEngine) -> None:
    """What the models say to QUESTION when `know_some` is known."""
    engine.enqueue("1", ANSWER)
    engine.enqueue(
        "The user adopted a dog, Biscuit.\nThe user has moved.",
        "ADD",
        "NOOP",
        role=Role.MEMORY,
    )


async def ask(story: Story, engine: HeldEngine) -> None:
    await story.ready()
    script(engine)
    await story.says(QUESTION)


def test_first_run(looks: Callable[..., None]) -> None:
    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()

    looks(scene)


def test_loading_with_a_message_queued(looks: Callable[..., None]) -> None:
    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.says(QUESTION)
        await story.sees("message queued")

    looks(scene, hold="load")


def test_retrieving(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("retrieving")

    looks(scene, hold="embed")


def test_thinking(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("thinking")

    looks(scene, hold="prompt")


def test_answering(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("Congratulations on both!")

    looks(scene, hold="decode")


def test_stopping(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("Congratulations on both!")
        await story.presses("escape")
        await story.sees("stopping")

    looks(scene, hold="decode")


def test_stopped(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("Congratulations on both!")
        await story.presses("escape")
        engine.release()
        await story.sees("stopped")
        await story.remembers()

    looks(scene, hold="decode")


def test_memory_working(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.until(lambda: "memory working" in story.status)
        await story.until(lambda: len(story.rows) > 3)

    looks(scene, hold="decide")


def test_answered_and_remembered(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("tok/s ·")
        await story.remembers()

    looks(scene)


def test_memory_failed(looks: Callable[..., None]) -> None:
    async def scene(story: Story, engine: HeldEngine) -> None:
        await story.ready()
        engine.enqueue(EngineError("The model said nonsense.", "Try again."), role=Role.MEMORY)
        await story.says(QUESTION)
        await story.sees("memory failed, /memory retry")

    looks(scene)


def test_answer_failed(looks: Callable[..., None]) -> None:
    async def scene(story: Story, engine: HeldEngine) -> None:
        await story.ready()
        engine.enqueue(EngineError("The model choked.", "Try a shorter question."))
        await story.says(QUESTION)
        await story.sees("failed, F5 tries again")
        await story.remembers()

    looks(scene)


def test_engine_restarting(looks: Callable[..., None]) -> None:
    async def scene(story: Story, engine: HeldEngine) -> None:
        await story.ready()
        engine.hold = "load"
        engine.crash_next(EngineCrashedError("The model process died.", "It is started again."))
        await story.says(QUESTION)
        await story.sees("restarting")

    looks(scene)


@pytest.mark.parametrize(
    "error",
    [
        StorageFullError("The disk is full.", "Make room, then send it again."),
        DatabaseBusyError("Another memchat is writing.", "Wait a moment, then send it again."),
    ],
    ids=["disk-full", "in-use-elsewhere"],
)
def test_message_not_saved(
    looks: Callable[..., None], bank: Bank, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise error

    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        monkeypatch.setattr(bank, "add_message", refuse)
        await story.says(QUESTION)
        await story.sees("Not sent")

    looks(scene)


def test_memory_paused(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await story.ready()
        await story.says("/memory pause")
        await story.until(lambda: "memory paused" in story.status)

    looks(scene)


def test_pane_with_the_inspector(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await ask(story, engine)
        await story.sees("tok/s ·")
        await story.remembers()
        await story.presses("f2", "home", "h")
        await story.sees("added just now by manager")

    looks(scene)


def test_editing_a_memory(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.presses("f2", "enter")
        await story.sees("Enter saves")

    looks(scene)


def test_suggestion(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, engine: HeldEngine) -> None:
        await story.ready()
        engine.enqueue("1", "Lisbon it is.")
        engine.enqueue("The user left Porto.", "DELETE 1", role=Role.MEMORY)
        await story.says("I left Porto")
        await story.until(bank.suggestions)
        await story.remembers()
        await story.presses("f2", "home")
        await story.sees("remove it? y / n")

    looks(scene)


def test_forgetting(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.presses("f2", "D")
        await story.sees("This cannot be undone.")

    looks(scene)


def test_commands(looks: Callable[..., None]) -> None:
    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.types("/")
        await story.sees("Start a new chat")

    looks(scene)


def test_chats(looks: Callable[..., None], bank: Bank) -> None:
    chat_with(bank, "How do I bake bread?", title="Bread")
    chat_with(bank, "Where is Lisbon?", title="A trip to Lisbon")

    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.presses("f3")
        await story.sees("A trip to Lisbon")

    looks(scene)


def test_help(looks: Callable[..., None]) -> None:
    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.presses("f1")
        await story.sees("Write your message here.")

    looks(scene)


def test_a_resumed_chat_with_earlier_turns(looks: Callable[..., None], bank: Bank) -> None:
    chat = chat_with(bank, *(f"Question {number}" for number in range(60)))

    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.sees("Answer to: Question 59")

    looks(scene, chat=chat)


def test_incognito(looks: Callable[..., None], bank: Bank) -> None:
    know_some(bank)

    async def scene(story: Story, _engine: HeldEngine) -> None:
        await story.ready()
        await story.says("/incognito")
        await story.sees("It is gone when you leave.")
        await story.ready()

    looks(scene)
