"""memchat memory export, import: memories as a file of JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memchat.cli import session
from memchat.cli.files import write_output
from memchat.cli.options import Json, Output
from memchat.cli.output import emit_json, note, plural, say
from memchat.cli.progress import show_progress
from memchat.errors import IngestError

if TYPE_CHECKING:
    from memchat.bank.portable import PortableMemory

BATCH = 500
"""Memories in one transaction, more or less: versions of one memory stay together."""


def export(output: Output = None) -> None:
    """Write all memories, with dates, states and sources, as JSON lines for `memory import`."""
    from memchat.bank.portable import to_line

    with session.view_bank() as bank:
        write_output(map(to_line, bank.export_memories()), output)


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="From `memory export`; - reads stdin.")
    ],
    json: Json = False,
) -> None:
    """Take memories in from a file. What is there already is skipped.

    Each line is a JSON object; {"text": "Likes tea."} is enough. A wrong line imports nothing.
    """
    from memchat.bank.portable import from_lines
    from memchat.cli.interrupt import cancel_on_interrupt

    chains = from_lines(_lines(file), str(file))
    total = sum(map(len, chains))
    added = skipped = 0
    with (
        session.open_assistant(session.settings_with()) as assistant,
        cancel_on_interrupt() as cancel,
        show_progress() as progress,
    ):
        for batch in _batches(chains):
            if cancel.cancelled:
                break
            done = assistant.bank.import_memories(batch, assistant.embed)
            added, skipped = added + done.added, skipped + done.skipped
            progress("Memories", added + skipped, total)
    if json:
        emit_json({"added": added, "skipped": skipped})
    else:
        there = f", {skipped} skipped: already there" if skipped else ""
        say(f"{plural(added, 'memory', 'memories')} added{there}.")
    if cancel.cancelled:
        note("Interrupted. Run the same command again to go on from here.")
        raise KeyboardInterrupt


def _lines(file: Path) -> Iterator[bytes]:
    if str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as opened:
            yield from opened
    except OSError as error:
        raise IngestError(f"{file}: {error.strerror}", "Nothing was imported.") from error


def _batches(chains: list[list[PortableMemory]]) -> Iterator[list[PortableMemory]]:
    batch: list[PortableMemory] = []
    for chain in chains:
        batch += chain
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
