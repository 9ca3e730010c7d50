"""Chat: the full screen where there is one, else line by line."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import typer

from memchat import paths
from memchat.cli import session, stdin
from memchat.cli.output import note
from memchat.errors import NotFoundError, UsageError
from memchat.presence import announced
from memchat.welcome import welcome_lines

if TYPE_CHECKING:
    from memchat.assistant import Assistant
    from memchat.bank.bank import Bank
    from memchat.config import Settings

_MIN_COLUMNS = 60
_ESCAPE_MILLISECONDS = 50
"""How long an Esc may be the beginning of another key, which slow lines bring in pieces."""


@dataclass(frozen=True, slots=True)
class Start:
    """How to begin: `latest` goes on with the newest chat, `chat_id` with that one."""

    model: str | None = None
    plain: bool = False
    latest: bool = False
    chat_id: int | None = None
    incognito: bool = False


def open_chat(start: Start) -> None:
    if start.incognito and (start.latest or start.chat_id is not None):
        raise UsageError("--incognito begins a chat of its own: it goes on with none.")
    settings = session.settings_with(start.model)
    if start.plain or not _has_full_screen():
        _line_by_line(start, settings)
    else:
        _full_screen(start, settings)


def _has_full_screen() -> bool:
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "dumb") not in ("", "dumb")
        and shutil.get_terminal_size().columns >= _MIN_COLUMNS
    )


def _full_screen(start: Start, settings: Settings) -> None:
    os.environ.setdefault("ESCDELAY", str(_ESCAPE_MILLISECONDS))  # Textual reads it once
    from memchat.tui.app import MemchatApp

    def make_assistant(bank: Bank, model: str) -> Assistant:
        chosen = replace(settings, model=model) if model else settings
        return session.make_assistant(bank, chosen)

    app_over = partial(MemchatApp, make_assistant=make_assistant, private_bank=session.private_bank)
    if start.incognito:
        app = app_over(None)
        app.run()
    else:
        with session.open_bank() as bank, announced():
            app = app_over(bank, chat_id=_chat_to_resume(bank, start))
            app.run()
    if app.return_code:
        raise typer.Exit(app.return_code)


def _line_by_line(start: Start, settings: Settings) -> None:
    from memchat.cli.line_chat import LineChat
    from memchat.cli.plain import LinePrinter

    interactive = sys.stdin.isatty()
    printer = LinePrinter(_write, note)
    if interactive and not start.incognito and not paths.database_file().exists():
        for line in welcome_lines(settings.model):
            note(line)
    with session.open_assistant(settings, incognito=start.incognito) as assistant:
        chat_id = _chat_to_resume(assistant.bank, start)
        chat = LineChat(assistant, printer, interactive, chat_id, start.incognito)
        if start.incognito:
            note("Incognito: nothing is read, nothing is saved.")
        prompt = "You (incognito): " if start.incognito else "You: "
        lines = stdin.read_lines()
        chat.run(lambda: _read_typed(prompt) if interactive else next(lines, None))
    if printer.failed and not interactive:
        raise typer.Exit(1)


def _chat_to_resume(bank: Bank, start: Start) -> int | None:
    if start.chat_id is not None:
        return bank.chat(start.chat_id).id
    if not start.latest:
        return None
    chats = bank.chats(kind="chat", limit=1)
    if not chats:
        raise NotFoundError("There is no chat to go on with.", "Start one with: memchat")
    return chats[0].id


def _read_typed(prompt: str) -> str | None:
    import readline  # noqa: F401 (importing it gives input() line editing and a history)

    try:
        return input(prompt)
    except EOFError:
        note("")
        return None


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
