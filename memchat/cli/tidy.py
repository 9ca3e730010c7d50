"""memchat chats export, rename, rm: what is done to a chat as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from memchat.cli import session
from memchat.cli.confirm import require_yes
from memchat.cli.files import write_output
from memchat.cli.options import ChatId, Output, Yes
from memchat.cli.output import plural, say
from memchat.errors import UsageError
from memchat.text import printable, valid_unicode

Format = Literal["md", "json"]


def export(
    chat_id: ChatId,
    file_format: Annotated[
        Format | None, typer.Option("--format", help="Markdown without it, or as FILE is called.")
    ] = None,
    output: Output = None,
) -> None:
    """Write a chat as Markdown or JSON, to a new file or to stdout."""
    from memchat.tui import chat_export

    with session.view_bank() as bank:
        chat, messages = bank.chat(chat_id), bank.messages(chat_id)
    if (file_format or _format_of(output)) == "json":
        text = chat_export.as_json(chat, messages) + "\n"
    else:
        text = printable(chat_export.as_markdown(chat, messages))
    write_output([text], output)


def rename(
    chat_id: ChatId,
    title: Annotated[
        str, typer.Argument(metavar="TITLE", parser=valid_unicode, help="Its new title.")
    ],
) -> None:
    """Give a chat another title."""
    if not title.strip():
        raise UsageError("The title is empty.")
    with session.open_bank() as bank:
        bank.rename_chat(chat_id, title.strip())
    say(f"Chat {chat_id} is called {title.strip()} now.")


def rm(chat_id: ChatId, yes: Yes = False) -> None:
    """Delete a chat for good. Memories drawn from it stay, without their source."""
    with session.open_bank() as bank:
        chat = bank.chat(chat_id)
        about = f"{chat.title or f'Chat {chat.id}'} ({plural(chat.messages, 'message')})"
        require_yes(
            "Delete it? This cannot be undone; its memories stay.",
            about,
            yes=yes,
            otherwise="Nothing was deleted.",
        )
        bank.delete_chat(chat_id)
    say(f"Deleted {about}.")


def _format_of(output: Path | None) -> Format:
    return "json" if output and output.suffix == ".json" else "md"
