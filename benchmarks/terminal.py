"""The real command in a pseudo-terminal, with a clock: what a user would wait for."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyte

COLUMNS, LINES = 120, 40
PANE = COLUMNS - 37
"""First column of the memory pane."""
PATIENCE = 120.0
POLL_SECONDS = 0.002

Seen = Callable[["Terminal"], bool]


class NeverSeenError(Exception):
    """The screen did not show what was waited for."""


class Terminal:
    """`python -m memchat` on a screen of 120 x 40, its data in `home`."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.started = time.perf_counter()
        self._process, self._file = pty.fork()
        if self._process == 0:
            environment = os.environ | {"MEMCHAT_HOME": str(home), "TERM": "xterm-256color"}
            environment |= {"COLUMNS": str(COLUMNS), "LINES": str(LINES)}
            command = [sys.executable, "-m", "memchat", *arguments]
            os.execve(sys.executable, command, environment)  # noqa: S606 (ours)
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, size)

    @property
    def seen(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def pane(self) -> str:
        """The right of the screen."""
        return "\n".join(line[PANE:] for line in self._screen.display)

    @property
    def status(self) -> str:
        """The bottom line."""
        return str(self._screen.display[-1])

    def types(self, text: str) -> None:
        os.write(self._file, text.encode())

    def pastes(self, text: str) -> None:
        """As a terminal does it: in brackets, a piece at a time."""
        for start in range(0, len(text), 1000):
            self.types(f"\x1b[200~{text[start : start + 1000]}\x1b[201~")
            self.rests(0.05)

    def until(self, happened: Seen, what: str, patience: float = PATIENCE) -> float:
        """Read the screen until it shows something; seconds that took."""
        began = time.perf_counter()
        while not happened(self):
            if time.perf_counter() - began > patience:
                raise NeverSeenError(f"{what}\n{self.seen}")
            self._read(POLL_SECONDS)
        return time.perf_counter() - began

    def answers(self, keys: str, happened: Seen, what: str) -> float:
        """Seconds from keys to what they bring to the screen."""
        self.types(keys)
        return self.until(happened, what)

    def rests(self, seconds: float) -> None:
        """Keep reading the screen for a while."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._read(POLL_SECONDS)

    def quits(self) -> float:
        """Press Ctrl+Q; seconds until the process is gone."""
        began = time.perf_counter()
        self.types("\x11")
        while os.waitpid(self._process, os.WNOHANG) == (0, 0):
            with suppress(OSError):
                self._read(POLL_SECONDS)
        os.close(self._file)
        return time.perf_counter() - began

    def _read(self, seconds: float) -> None:
        if select.select([self._file], [], [], seconds)[0]:
            self._stream.feed(os.read(self._file, 65_536))
