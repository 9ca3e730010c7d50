"""memchat memory why: what stood behind an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memchat.bank.types import Message, Use
from memchat.cli import session, views
from memchat.cli.options import Json
from memchat.cli.output import emit_json, emit_rows, note, say
from memchat.errors import NotFoundError

if TYPE_CHECKING:
    from memchat.bank.bank import Bank

_RECENT = 20


def why(
    message_id: Annotated[
        int | None,
        typer.Argument(metavar="MESSAGE", help="Number of the message; the last one without it."),
    ] = None,
    json: Json = False,
) -> None:
    """Show which memories and messages an answer used, and which it cited.

    Used means put before the model; cited means that the model named it.
    """
    with session.view_bank() as bank:
        question, answer = _exchange(bank, message_id)
        uses = [_use(bank, use) for use in bank.uses(question.id)]
    if json:
        exchange = {
            "message_id": question.id,
            "question": question.text,
            "answer_id": answer.id if answer else None,
            "answer": answer.text if answer else None,
        }
        emit_json(exchange | {"uses": uses})
        return
    say(question.text, style="bold")
    if answer:
        say(answer.text)
    if not uses:
        note("No memory was used.")
    rows = [
        ("cited" if use["cited"] else "used", str(use["id"]), use["kind"], use["text"])
        for use in uses
    ]
    emit_rows(("", "id", "kind", "text"), rows)


def _exchange(bank: Bank, message_id: int | None) -> tuple[Message, Message | None]:
    """The question and its answer; `message_id` may name either."""
    message = _last_answer(bank) if message_id is None else bank.message(message_id)
    if message.role == "assistant":
        if message.reply_to is None:
            raise NotFoundError(f"Message {message.id} answers no message of yours.")
        return bank.message(message.reply_to), message
    replies = [each for each in bank.messages(message.chat_id) if each.reply_to == message.id]
    return message, replies[-1] if replies else None


def _last_answer(bank: Bank) -> Message:
    for chat in bank.chats(limit=_RECENT):
        for message in reversed(bank.messages(chat.id, limit=_RECENT)):
            if message.role == "assistant" and message.reply_to is not None:
                return message
    raise NotFoundError("Nothing has been answered yet.")


def _use(bank: Bank, use: Use) -> views.Json:
    try:
        text = bank.memory(use.id).text if use.kind == "memory" else bank.message(use.id).text
    except NotFoundError:
        text = "(forgotten)"
    return {"kind": use.kind, "id": use.id, "cited": use.cited, "text": text}
