"""memchat memory: look at the memory bank. What changes it is in correct.py and transfer.py."""

from __future__ import annotations

from typing import Annotated

import typer

from memchat.bank.types import State
from memchat.cli import correct, session, suggest, transfer, views, why
from memchat.cli.events import all_events, print_events
from memchat.cli.options import Json, Limit, MemoryId, Query
from memchat.cli.output import emit_json, emit_rows, note, say

app = typer.Typer(help="Look at the memory bank and correct it.", no_args_is_help=True)


@app.command("list")
def list_(
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Superseded and deleted ones too.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", metavar="N", min=1, help="Show at most this many."),
    ] = None,
    json: Json = False,
) -> None:
    """List the memories, newest first."""
    with session.view_bank() as bank:
        memories = bank.memories(state=None if everything else State.ACTIVE, limit=limit)
        if json:
            sources = [views.source_of(bank, memory) for memory in memories]
            emit_json(list(map(views.memory_json, memories, sources)))
        elif memories:
            emit_rows(("id", "since", "memory", ""), views.memory_rows(memories))
        else:
            note("Nothing is remembered yet.")


@app.command()
def search(query: Query, limit: Limit = 10, json: Json = False) -> None:
    """Find memories and earlier messages by meaning and by words, best first."""
    with session.open_assistant(session.settings_with()) as assistant:
        hits = assistant.search(query, limit)
    if json:
        emit_json([views.hit_json(hit) for hit in hits])
    elif hits:
        rows = [(str(hit.id), hit.kind, views.day(hit.at), hit.text) for hit in hits]
        emit_rows(("id", "kind", "date", "text"), rows)
    else:
        note("Nothing is found.")


@app.command()
def show(memory_id: MemoryId, json: Json = False) -> None:
    """Show one memory: its state, where it came from, what happened to it."""
    with session.view_bank() as bank:
        memory = bank.memory(memory_id)
        events = bank.history(memory_id)
        source = views.source_of(bank, memory)
    if json:
        history = [views.event_json(event) for event in events]
        emit_json(views.memory_json(memory, source) | {"history": history})
        return
    say(memory.text, style="bold")
    emit_rows(("", ""), views.memory_details(memory, source))
    print_events(events)


@app.command()
def history(
    memory_id: Annotated[
        int | None, typer.Argument(metavar="ID", help="Number of the memory; all without it.")
    ] = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show what happened to a memory, or to all of them, oldest first."""
    with session.view_bank() as bank:
        events = all_events(bank) if memory_id is None else bank.history(memory_id)
    if json:
        emit_json([views.event_json(event) for event in events[-limit:]])
    else:
        print_events(events[-limit:])


app.command()(why.why)
app.command()(correct.add)
app.command()(correct.edit)
app.command()(correct.rm)
app.command()(correct.pin)
app.command()(correct.unpin)
app.command()(correct.forget)
app.command()(correct.undo)
app.command()(suggest.suggestions)
app.command()(suggest.accept)
app.command()(suggest.dismiss)
app.command()(transfer.export)
app.command("import")(transfer.import_)
