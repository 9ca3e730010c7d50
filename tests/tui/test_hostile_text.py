"""Text that tries to act: through the user, the model, the memories and the titles."""

from __future__ import annotations

import re

from memchat.bank.bank import Bank
from tests.fakes import FakeEngine
from tests.tui.conftest import make_app
from tests.tui.stories import NARROW, Story, telling
from tests.tui.test_memory_pane import remember
from tests.tui.test_prompt import chat_with

PAYLOADS = {
    "ansi": "\x1b[31mred\x1b[0m end",
    "osc 8": "\x1b]8;;http://evil\x07link\x1b]8;;\x07 end",
    "osc 52": "\x1b]52;c;ZXZpbA==\x07 end",
    "c1": "\x9b31m\x9d0;x\x9c end",
    "bidi": "user\u202egnp.exe\u202c end",
    "zero width": "a\u200bb\u2060c\ufeff end",
    "rich markup": "[bold red]x[/] [/nothing] [link=http://e]y[/link] end",
    "textual action": "[@click=app.quit]quit[/] [@click='screen.dismiss'] end",
    "theme variable": "[$primary on $error]$foreground[/] end",
    "html": "<script>alert(1)</script><b>x</b> end",
    "image": "![x](http://evil/track.png) end",
    "fence": "```[bold]x`y\n[red]\n``` end",
    "unclosed fence": "```py[0]\x1b[31m\nend",
    "graphemes": "e" + "\u0301" * 300 + " end",
    "surrogate": "\ud83d lone \udc00 end",
    "null": "a\x00b\x07c\x08d end",
    "carriage return": "safe\rEVIL\r\n end",
    "wide": "漢字" * 100 + " end",
    "format": "{0} {name!r} %s %(x)s end",
    "deep": ">" * 200 + " end",
    "table": "|a|b|\n|-|-|\n|[x]|\x1b[1m| end",
}
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


async def test_answers_are_shown_and_do_nothing(bank: Bank, fake_engine: FakeEngine) -> None:
    app = make_app(bank, fake_engine)
    async with telling(app, NARROW) as story:
        await story.ready()
        await story.says("/memory off")
        for name, payload in PAYLOADS.items():
            fake_engine.enqueue(payload)
            await story.says(f"{name} {payload}")
            await story.until(lambda name=name: answered(story, name), name)
            await story.pilot.pause()
            harmless(story, name)
            assert "end" in story.seen, name
        assert app.is_running


async def test_memories_are_shown_and_do_nothing(bank: Bank, fake_engine: FakeEngine) -> None:
    remember(bank, *PAYLOADS.values())
    app = make_app(bank, fake_engine)
    async with telling(app) as story:
        await story.until(lambda: len(story.rows) == len(PAYLOADS))
        await story.presses("f2", "h")
        for name in PAYLOADS:
            await story.presses("down")
            harmless(story, name)
        await story.presses("v", "end")
        harmless(story, "decisions")
        await story.presses("D")
        harmless(story, "question")
        assert app.is_running


async def test_titles_are_shown_and_do_nothing(bank: Bank, fake_engine: FakeEngine) -> None:
    for payload in PAYLOADS.values():
        chat_with(bank, payload, title=payload)
    app = make_app(bank, fake_engine, 1)
    async with telling(app) as story:
        await story.ready()
        for keys in (["f3"], ["end"], ["escape", "ctrl+r"], ["escape", "up"], ["ctrl+y"]):
            await story.presses(*keys)
            harmless(story, " ".join(keys))
        assert app.is_running


def answered(story: Story, name: str) -> bool:
    last = story.transcript.last
    return bool(last and last.question.text.startswith(name) and last.reply)


def harmless(story: Story, name: str) -> None:
    assert not FORBIDDEN.search(story.seen.replace("\n", "")), name
