"""What a command writes: to stdout, or to a new file of the user's."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from memchat.cli.output import note
from memchat.errors import StorageError, UsageError
from memchat.text import printable


def write_output(pieces: Iterable[str], path: Path | None) -> None:
    """Write to a new file, or to stdout. On a terminal nothing of it acts; a file gets it as it is.

    Raises UsageError when the file exists, StorageError when it cannot be written.
    """
    if path is None:
        shown = map(printable, pieces) if sys.stdout.isatty() else pieces
        sys.stdout.writelines(shown)
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            file.writelines(pieces)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already.", "Choose another name.") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", "Choose another place.") from error
    note(f"Written to {path}.")
