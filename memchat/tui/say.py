"""Toasts, with nothing in them taken for markup."""

from __future__ import annotations

from textual.widget import Widget

from memchat.errors import MemchatError
from memchat.text import printable, single_line

TOAST_CELLS = 120


def say(widget: Widget, text: str, title: str = "") -> None:
    """Tell the user something that happened."""
    widget.notify(single_line(text, TOAST_CELLS), title=title, markup=False)


def complain(widget: Widget, error: MemchatError, title: str) -> None:
    """Tell the user what is wrong and what to do about it."""
    text = printable(f"{error.message}\n{error.hint}".strip())
    widget.notify(text, title=title, severity="error", timeout=10, markup=False)
