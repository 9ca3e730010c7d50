"""Writing a message in the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from memchat.errors import StorageError, UsageError


def command() -> list[str]:
    """$VISUAL, else $EDITOR, else vi; as a command line."""
    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")


def edit(text: str) -> str:
    """Open the editor on `text`; what it holds when the editor is left.

    The file is readable by its owner only, and gone afterwards. Raises UsageError when the
    editor does not start or fails, StorageError when the file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix="memchat-", suffix=".md")
    except OSError as error:
        raise StorageError(f"No temporary file: {error.strerror}", "Make room in it.") from error
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        _run(path)
        return path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
    finally:
        path.unlink(missing_ok=True)


def _run(path: Path) -> None:
    editor = command()
    try:
        subprocess.run([*editor, str(path)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{editor[0]}: {error}", "Set $EDITOR to your editor.") from error
