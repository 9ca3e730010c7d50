"""Checkpoints: whole or not at all, the newest two kept."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from memchat.errors import StorageError, StorageFullError
from training.files import write_error
from training.trainer import COMPLETE

KEPT = 2


def save_checkpoint(folder: Path, step: int, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a folder, which becomes `checkpoint-<step>` once it is whole.

    Raises StorageError when the disk is full or the folder cannot be written.
    """
    final = folder / f"checkpoint-{step}"
    partial = folder / f".{final.name}.partial"
    with saving(folder):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        write(partial)
        (partial / COMPLETE).touch()
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    prune(folder)
    return final


def prune(folder: Path) -> None:
    """Remove all but the newest two that are whole, and whatever was left half written."""
    whole = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    for path in [*whole[:-KEPT], *folder.glob(".checkpoint-*.partial")]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Says in our words why a checkpoint could not be written.

    Torch and safetensors wrap the system's error in ones of their own.
    """
    try:
        yield
    except OSError as error:
        raise write_error(folder, error) from error
    except Exception as error:
        if _is_full(error):
            raise StorageFullError(
                f"No space is left for a checkpoint in {folder}.",
                "Free some space; --resume goes on from the last whole checkpoint.",
            ) from error
        if type(error).__name__ == "SafetensorError":
            raise StorageError(f"No checkpoint could be written in {folder}: {error}") from error
        raise


def _is_full(error: BaseException) -> bool:
    causes = [error, error.__cause__, error.__context__]
    return any(
        getattr(each, "errno", None) == errno.ENOSPC or "No space left" in str(each)
        for each in causes
    )
