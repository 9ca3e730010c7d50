"""memchat memory add, edit, rm, pin, forget, undo: the user's own changes to the bank."""

from __future__ import annotations

from typing import Annotated

import typer

from memchat.cli import session
from memchat.cli.confirm import require_yes
from memchat.cli.events import print_event
from memchat.cli.options import Json, MemoryId, MemoryText, Yes
from memchat.cli.output import emit_json, plural, say
from memchat.errors import UsageError


def add(text: MemoryText, json: Json = False) -> None:
    """Remember something in your own words."""
    with session.open_assistant(session.settings_with()) as assistant:
        print_event(assistant.remember(text), json=json)


def edit(memory_id: MemoryId, text: MemoryText, json: Json = False) -> None:
    """Correct a memory. From then on the model may only suggest changes to it."""
    with session.open_assistant(session.settings_with()) as assistant:
        assistant.bank.memory(memory_id)  # an unknown id need not wait for the embedding model
        print_event(assistant.edit_memory(memory_id, text), json=json)


def rm(memory_id: MemoryId, json: Json = False) -> None:
    """Hide a memory. It can be undone; `forget` erases."""
    with session.open_bank() as bank:
        print_event(bank.delete(memory_id), json=json)


def pin(memory_id: MemoryId, json: Json = False) -> None:
    """Pin a memory: it is always read, and never changed without asking."""
    with session.open_bank() as bank:
        print_event(bank.pin(memory_id, True), json=json)


def unpin(memory_id: MemoryId, json: Json = False) -> None:
    """Treat a pinned memory like the others again."""
    with session.open_bank() as bank:
        print_event(bank.pin(memory_id, False), json=json)


def forget(
    memory_id: MemoryId,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Erase a memory for good: its text, versions, history, quotes and index entries."""
    with session.open_bank() as bank:
        require_yes(
            "Erase it with its history and quotes? This cannot be undone.",
            bank.memory(memory_id).text,
            yes=yes,
            otherwise="Nothing was erased.",
        )
        erased = bank.forget(memory_id)
    if json:
        emit_json({"id": memory_id, "rows_erased": erased})
    else:
        say(f"Forgotten for good ({plural(erased, 'row')} erased).")


def undo(
    event_id: Annotated[
        int | None, typer.Argument(metavar="EVENT", help="Number of the event, from `history`.")
    ] = None,
    memory_id: Annotated[
        int | None, typer.Option("--memory", metavar="ID", help="Undo this memory's last change.")
    ] = None,
    json: Json = False,
) -> None:
    """Undo the last change, or a given one. Undoing an undo does it again."""
    if event_id is not None and memory_id is not None:
        raise UsageError("Give an event or --memory, not both.")
    with session.open_bank() as bank:
        print_event(bank.undo(event_id, memory_id=memory_id), json=json)
