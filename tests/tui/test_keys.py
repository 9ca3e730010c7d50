"""Keys bound anew in the config file: they work, and the help shows them."""

from __future__ import annotations

from memchat import paths
from memchat.bank.bank import Bank
from memchat.keys import ACTIONS
from memchat.tui.screens.help import Help
from tests.fakes import FakeEngine
from tests.tui.conftest import make_app
from tests.tui.stories import telling


async def test_keys_of_the_users_own(bank: Bank, fake_engine: FakeEngine) -> None:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text('[keys]\nregenerate = "ctrl+g"\nsend = "alt+enter"\n')
    fake_engine.enqueue("First try.", "Second try.")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.types("Go")
        await story.presses("alt+enter")
        await story.sees("First try.")
        await story.remembers()
        await story.presses("f5", "ctrl+g")
        await story.sees("Second try.")
        assert len(fake_engine.requests) < 6
        await story.presses("f1")
        await story.until(lambda: isinstance(story.app.screen, Help))
        await story.sees("alt+enter")


def test_every_action_of_the_registry_has_a_binding() -> None:
    from memchat.tui.app import MemchatApp
    from memchat.tui.screens.chat import ChatScreen
    from memchat.tui.widgets.memory_pane import MemoryPane
    from memchat.tui.widgets.prompt import Prompt
    from memchat.tui.widgets.transcript import Transcript

    places = (MemchatApp, ChatScreen, MemoryPane, Prompt, Transcript)
    listed = [each.__dict__.get("BINDINGS", ()) for place in places for each in place.__mro__]
    named = {getattr(binding, "id", None) for bindings in listed for binding in bindings}
    assert set(ACTIONS) <= named
