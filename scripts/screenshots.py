"""Write the README's screenshots: a short, real conversation with the embedded models.

    python scripts/screenshots.py

What the models say is theirs: it changes when they do.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.config import Settings
from memchat.engine.factory import create_engine
from memchat.tui.app import MemchatApp
from memchat.tui.widgets.prompt import Prompt
from memchat.tui.widgets.transcript import Transcript
from memchat.weights.discover import resolve_spec

FOLDER = Path(__file__).parent.parent / "docs"
SIZE = (116, 34)
PATIENCE = 120.0
CONVERSATION = (
    "My sister Maria is a nurse in Braga.",
    "I live in Porto and I'm allergic to peanuts.",
    "I moved to Lisbon and adopted a dog, Biscuit!",
    "Where do I live now?",
)


async def converse(pilot: Pilot[None]) -> None:
    """Say all of it; each message waits for its answer and for its memories."""
    prompt = pilot.app.screen.query_one(Prompt)
    prompt.cursor_blink = False
    for text in CONVERSATION:
        await _until(pilot, lambda: _idle(pilot), "an idle model")
        prompt.insert(text)
        await pilot.press("enter")
        await _until(pilot, lambda text=text: _asked(pilot) == text, text)
    await _until(pilot, lambda: _idle(pilot), "the last answer")
    await pilot.pause(0.5)


async def photograph(bank: Bank) -> None:
    """The conversation, then the memory pane with the history of a memory."""
    spec = resolve_spec("")

    def make_assistant(bank: Bank, _model: str) -> Assistant:
        return Assistant(bank, create_engine(spec, log_file=Path("/dev/null")), Settings())

    app = MemchatApp(bank, make_assistant)
    async with app.run_test(size=SIZE) as pilot:
        await converse(pilot)
        _save(app, "screenshot.svg")
        await pilot.press("f2", "h")
        await pilot.pause(0.5)
        _save(app, "screenshot-inspector.svg")


def _asked(pilot: Pilot[None]) -> str:
    last = pilot.app.screen.query_one(Transcript).last
    return last.question.text if last else ""


def _idle(pilot: Pilot[None]) -> bool:
    runner = pilot.app.session.runner if isinstance(pilot.app, MemchatApp) else None
    return runner is not None and runner.wait_idle(0)


async def _until(pilot: Pilot[None], happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await pilot.pause(0.1)


def _save(app: MemchatApp, name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    image = app.export_screenshot(title="memchat").replace("<text ", '<text xml:space="preserve" ')
    (FOLDER / name).write_text(image, encoding="utf-8")
    sys.stdout.write(f"Written: {FOLDER / name}\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Bank.open(Path(folder) / "memchat.db") as bank:
        asyncio.run(photograph(bank))


if __name__ == "__main__":
    main()
