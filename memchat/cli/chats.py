"""memchat chats: read back what was said."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from memchat.cli import session, views
from memchat.cli.options import Json, Limit
from memchat.cli.output import emit_json, emit_rows, note, say

app = typer.Typer(help="Read back what was said.", no_args_is_help=True)


@app.command("list")
def list_(
    kind: Annotated[
        Literal["chat", "ask", "ingest"] | None, typer.Option("--kind", help="Only these.")
    ] = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List the chats, the latest first."""
    with session.view_bank() as bank:
        chats = bank.chats(kind=kind, limit=limit)
    if json:
        emit_json([views.chat_json(chat) for chat in chats])
    elif chats:
        rows = [
            (str(chat.id), views.minute(chat.updated_at), chat.kind, str(chat.messages), chat.title)
            for chat in chats
        ]
        emit_rows(("id", "last", "kind", "messages", "title"), rows)
    else:
        note("There are no chats yet.")


@app.command()
def show(
    chat_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the chat.")],
    json: Json = False,
) -> None:
    """Show a chat from its beginning, each message with its number."""
    with session.view_bank() as bank:
        chat = bank.chat(chat_id)
        messages = bank.messages(chat_id)
    if json:
        shown = [views.message_json(message) for message in messages]
        emit_json(views.chat_json(chat) | {"messages": shown})
        return
    say(chat.title or f"Chat {chat.id}", style="bold")
    for message in messages:
        speaker = message.speaker or ("You" if message.role == "user" else "Assistant")
        say(f"\n{message.id} · {speaker} · {views.minute(message.said_at)}", style="dim")
        say(message.text)
