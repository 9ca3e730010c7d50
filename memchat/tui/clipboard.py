"""Copying: the desktop's own tool where there is one, the terminal (OSC 52) in any case."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress

from textual.app import App

from memchat.text import printable

TOOLS = (
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
    ("pbcopy",),
    ("clip.exe",),
    ("tmux", "load-buffer", "-"),
)
SECONDS = 1.0


def copy(app: App[None], text: str) -> None:
    """Put text on the clipboard by every way that may work; none of them can fail loudly."""
    shown = printable(text)
    app.copy_to_clipboard(shown)
    if tool := next((tool for tool in TOOLS if shutil.which(tool[0])), None):
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(tool, input=shown.encode(), timeout=SECONDS, check=False)
