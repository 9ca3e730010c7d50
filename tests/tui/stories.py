"""Words to tell user stories with: what is typed, and what is then seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widgets import Static

from memchat.tui.app import MemchatApp
from memchat.tui.widgets.memory_list import MemoryList
from memchat.tui.widgets.memory_pane import MemoryPane
from memchat.tui.widgets.prompt import Prompt
from memchat.tui.widgets.transcript import Transcript

WIDE = (120, 40)
NARROW = (80, 24)
PATIENCE = 8.0


@asynccontextmanager
async def telling(app: MemchatApp, size: tuple[int, int] = WIDE) -> AsyncIterator[Story]:
    """Start the app on a screen of that many columns and lines, with its toasts."""
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Story(pilot)


class Story:
    """Drives an app through its keys and reads what is on its screen."""

    def __init__(self, pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, MemchatApp)
        self.app = pilot.app
        self.pilot = pilot

    async def until(self, happened: Callable[[], object], what: str = "") -> None:
        """Wait for something that the runner's thread brings about."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, f"never happened: {what or happened}\n{self.seen}"
            await asyncio.sleep(0.02)
            await self.pilot.pause()

    async def sees(self, text: str) -> None:
        await self.until(lambda: text in self.seen, text)

    async def types(self, text: str) -> None:
        for character in text:
            await self.pilot.press(_KEYS.get(character, character))

    async def presses(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def says(self, text: str) -> None:
        """Write a message at the prompt and send it."""
        self.prompt.focus()
        self.prompt.insert(text)
        await self.pilot.press("enter")

    async def ready(self) -> None:
        await self.until(lambda: "ready" in self.status, "the model is ready")

    async def remembers(self) -> None:
        """Wait until the memory work is done."""
        runner = self.app.session.runner
        await self.until(lambda: runner is not None and runner.wait_idle(0), "idle")
        await self.pilot.pause()

    @property
    def seen(self) -> str:
        """The whole screen as text, toasts and all."""
        compositor = self.app.screen._compositor
        lines = ["".join(segment.text for segment in strip) for strip in compositor.render_strips()]
        return "\n".join(line.rstrip() for line in lines)

    @property
    def prompt(self) -> Prompt:
        return self.app.query_one(Prompt)

    @property
    def transcript(self) -> Transcript:
        return self.app.query_one(Transcript)

    @property
    def pane(self) -> MemoryPane:
        return self.app.query_one(MemoryPane)

    @property
    def status(self) -> str:
        parts = (self.app.query_one(f"#status-{side}", Static) for side in ("left", "right"))
        return " | ".join(str(part.content) for part in parts)

    @property
    def rows(self) -> list[str]:
        """The memory list: mark, text and note of each row."""
        rows = self.app.query_one(MemoryList).rows
        return [f"{row.mark.glyph} {row.text} ({row.note})".strip() for row in rows]


_KEYS = {" ": "space", "/": "slash", "\n": "ctrl+j"}
