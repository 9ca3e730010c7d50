"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from memchat.errors import StorageError, StorageFullError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends, and is removed when it fails.

    Raises StorageError when the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> StorageError:
    """`error`, met while writing `path`, in words."""
    if error.errno == errno.ENOSPC:
        return StorageFullError(f"No space is left to write {path}.", "Free some space and resume.")
    return StorageError(f"{path} cannot be written: {error.strerror}.", "Choose another folder.")


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def append_json(path: Path, value: object) -> None:
    """Add one line to a JSONL file, after ending a line that a kill cut short.

    Raises StorageError when the file cannot be written.
    """
    line = json.dumps(value, ensure_ascii=False).encode() + b"\n"
    try:
        with path.open("a+b") as file:
            if file.tell() and not _ends_in_newline(file):
                file.write(b"\n")
            file.write(line)
    except OSError as error:
        raise write_error(path, error) from error


def _ends_in_newline(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def read_jsonl(path: Path) -> list[dict[str, object]]:
    """The objects of a JSONL file that `append_json` wrote; none when there is no file."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows
