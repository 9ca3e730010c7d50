"""Text from standard input, when it is a pipe or a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from memchat.errors import UsageError
from memchat.text import REPLACEMENT

MAX_BYTES = 16 * 1024 * 1024
"""Of one line, and of a whole document."""
_MOST_UNREADABLE = 0.3
"""Share of characters; random bytes come to about half."""


def is_piped() -> bool:
    return not sys.stdin.isatty()


def read_all() -> str:
    """All of stdin as text. Raises UsageError when it is binary or far too long."""
    return decode(sys.stdin.buffer.read(MAX_BYTES + 1))


def read_lines() -> Iterator[str]:
    """Lines as they come, without their end. Raises UsageError at one that is no text."""
    while line := sys.stdin.buffer.readline(MAX_BYTES + 1):
        yield decode(line).rstrip("\r\n")


def decode(data: bytes) -> str:
    """UTF-8 with the odd bad byte replaced; a byte order mark is dropped."""
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"stdin is too long: more than {MAX_BYTES // 1024**2} MB in one message",
            "Split it into several messages.",
        )
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    unreadable = text.count(REPLACEMENT) - data.count(REPLACEMENT.encode())
    if b"\0" in data or unreadable > len(text) * _MOST_UNREADABLE:
        raise UsageError("stdin is not text", "Pipe UTF-8 text: one message a line, no binary.")
    return text
