"""The log of memories: read whole, and printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memchat.bank.types import Event
from memchat.cli import views
from memchat.cli.output import emit_json, emit_rows, say

if TYPE_CHECKING:
    from memchat.bank.bank import Bank

_PAGE = 1000


def all_events(bank: Bank) -> list[Event]:
    """The whole log, oldest first."""
    events: list[Event] = []
    while page := bank.events(after=events[-1].id if events else 0, limit=_PAGE):
        events.extend(page)
    return events


def print_event(event: Event, *, json: bool) -> None:
    """What a command has done, in a line."""
    if json:
        emit_json(views.event_json(event))
    else:
        number = f"{event.memory_id} " if event.memory_id else ""
        say(f"{number}{views.event_line(event)}")


def print_events(events: list[Event]) -> None:
    rows = [
        (str(event.id), views.minute(event.at), event.actor.value, views.event_line(event))
        for event in events
    ]
    emit_rows(("event", "when", "who", "what"), rows)
