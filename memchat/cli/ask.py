"""memchat ask: one question, one answer on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from memchat.cli import session, stdin, views
from memchat.cli.options import Incognito, Json, Model, Question
from memchat.cli.output import emit_json
from memchat.errors import UsageError
from memchat.text import printable


def ask(  # noqa: PLR0913, PLR0917 (each parameter is an option)
    context: typer.Context,
    question: Question,
    remember: Annotated[
        bool, typer.Option("--remember", help="Let the question write memories.")
    ] = False,
    incognito: Incognito = False,
    model: Model = None,
    json: Json = False,
) -> None:
    """Answer one question. Text piped in is a document to answer from.

    Memories are read; none are written unless --remember is given, and never from the document.
    """
    from memchat.cli import exchange
    from memchat.turn import MemoryMode

    if not question.strip():
        raise UsageError("The question is empty.")
    if incognito and remember:
        raise UsageError("--incognito saves nothing: there is nothing to --remember.")
    document = stdin.read_all().strip() if stdin.is_piped() else ""
    live = sys.stdout.isatty() and not json
    mode = MemoryMode.OFF if incognito else MemoryMode.ON if remember else MemoryMode.PAUSED
    settings = session.settings_with(model or context.obj)
    with session.open_assistant(settings, incognito=incognito) as assistant:
        chat = assistant.bank.create_chat(kind="ask", title=views.title_of(question))
        message = assistant.submit(chat.id, question, mode)
        answered = exchange.answer(assistant, message, mode, document, _write if live else _ignore)
        if not json:
            _write("\n" if live else printable(answered.reply.text) + "\n")
        operations = exchange.remember(assistant, chat.id) if remember else []
    if json:
        emit_json(answered.as_json(operations))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _ignore(_text: str) -> None:
    """In a pipe the answer is written once it is whole: a failure leaves nothing behind."""
