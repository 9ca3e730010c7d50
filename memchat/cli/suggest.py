"""memchat memory suggestions, accept, dismiss: changes that wait for a yes or a no."""

from __future__ import annotations

from typing import Annotated

import typer

from memchat.cli import session, views
from memchat.cli.events import print_event
from memchat.cli.options import Json
from memchat.cli.output import emit_json, emit_rows, note

EventId = Annotated[
    int, typer.Argument(metavar="EVENT", help="Number of the suggestion, from `suggestions`.")
]


def suggestions(json: Json = False) -> None:
    """List the changes that the model wants to make to pinned or edited memories."""
    with session.view_bank() as bank:
        waiting = bank.suggestions()
    if json:
        emit_json([views.event_json(event) for event in waiting])
    elif waiting:
        rows = [(str(event.id), str(event.memory_id), views.event_line(event)) for event in waiting]
        emit_rows(("event", "id", "what"), rows)
    else:
        note("Nothing waits for an answer.")


def accept(event_id: EventId, json: Json = False) -> None:
    """Say yes to a suggestion: the memory is changed."""
    with session.open_bank() as bank:
        print_event(bank.accept(event_id), json=json)


def dismiss(event_id: EventId, json: Json = False) -> None:
    """Say no to a suggestion: the memory stays as it is."""
    with session.open_bank() as bank:
        print_event(bank.dismiss(event_id), json=json)
