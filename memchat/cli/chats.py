"""memchat chats: read back what was said. The commands that change chats are in tidy.py."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from memchat.cli import session, tidy, views
from memchat.cli.options import ChatId, Json, Limit, Query
from memchat.cli.output import emit_json, emit_rows, note, say

app = typer.Typer(help="Read back what was said, and keep it tidy.", no_args_is_help=True)

_EXCERPT_WIDTH = 80


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
def show(chat_id: ChatId, json: Json = False) -> None:
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
        say(
            f"\n{message.id} · {views.speaker(message)} · {views.minute(message.said_at)}",
            style="dim",
        )
        say(message.text)


@app.command()
def search(query: Query, limit: Limit = 20, json: Json = False) -> None:
    """Find what was said in any chat, by every word of TEXT; the latest first."""
    with session.view_bank() as bank:
        messages = bank.search_messages(query, limit=limit)
        chats = {each.chat_id: bank.chat(each.chat_id) for each in messages}
    if json:
        emit_json(
            [
                views.message_json(each) | {"chat": views.chat_json(chats[each.chat_id])}
                for each in messages
            ]
        )
    elif messages:
        rows = [
            (
                str(each.chat_id),
                views.minute(each.said_at),
                views.speaker(each),
                views.excerpt(each.text, query.split()[0], _EXCERPT_WIDTH),
            )
            for each in messages
        ]
        emit_rows(("id", "when", "who", "what"), rows)
    else:
        note("Nothing is found.")


app.command()(tidy.export)
app.command()(tidy.rename)
app.command()(tidy.rm)
