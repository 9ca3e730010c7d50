"""The memory pane: what is remembered, live."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message as TextualMessage
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static

from memchat.bank.types import Event, Memory, Message, State
from memchat.errors import MemchatError, NotFoundError
from memchat.tui import details, filters
from memchat.tui.bindings import bound
from memchat.tui.clock import Clock
from memchat.tui.details import Details
from memchat.tui.preferences import Preferences
from memchat.tui.rows import PaneModel, Row
from memchat.tui.say import complain
from memchat.tui.session import Session
from memchat.tui.turn_record import TurnRecord
from memchat.tui.widgets.inspector import Inspector
from memchat.tui.widgets.memory_actions import MemoryActions
from memchat.tui.widgets.memory_list import MemoryList
from memchat.tui.widgets.text_inputs import PlainInput
from memchat.turn import (
    Cited,
    Decided,
    FactsExtracted,
    MemoryFailed,
    MemoryFinished,
    Retrieved,
    TurnEvent,
)

PAGE = 60
"""Rows listed at first, and more at a time on the way down: each costs layout."""
PAUSE_SECONDS = 0.3
"""How long nothing is typed before a search by meaning begins."""
MEANINGFUL = 3
"""Fewest characters of such a search."""
LOG_EVENTS = 500
"""The newest decisions, which are the ones listed."""
EMPTY = """\
Nothing is remembered yet.

Tell me something about yourself and watch it appear here. \
You can correct it, pin it or forget it."""
INCOGNITO = """\
Incognito: no memory is read, none is written.

The memories are still there, and come back when you leave."""
NO_MATCH = "Nothing matches. Esc clears the search."


class MemoryPane(MemoryActions):
    """Counts, search, list and inspector. Draws a PaneModel."""

    HELP_TITLE = "Memory pane"
    HELP = """\
What memchat remembers, as it learns it.

  + added   ~ updated (old → new)   − removed   = nothing new (v shows these)
  ● used or cited in the selected answer   * pinned   ? waits for your yes or no

"Used" means it was put before the model; "cited" means the model named it.

Search takes words and  op:add  used:  pin:  after:2026-01-31  before:2026-02"""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("edit", "edit", "Edit", tooltip="Correct the text of the memory"),
        bound("history", "history", "History", tooltip="All that happened to this memory"),
        bound("source", "go_to_source", "Source", tooltip="Go to the turn it came from"),
        bound("search", "search", "Search", tooltip="Search: words, op: used: pin: after:"),
        bound("decisions", "log", "All decisions", tooltip="Show every decision, no-ops too"),
        bound("wider", "resize(4)", "Wider", tooltip="Make the pane wider"),
        bound("narrower", "resize(-4)", "Narrower", tooltip="Make the pane narrower"),
        bound("leave", "leave", "Back", tooltip="Clear the search, then back to the prompt"),
    ]

    class Left(TextualMessage):
        """The user is done here."""

    class Wanted(TextualMessage):
        """The pane has something to show, if it is hidden."""

    @dataclass
    class Found(TextualMessage):
        """The memories that the words of a search mean, nearest first."""

        words: str
        ids: list[int]

    class GoTo(TextualMessage):
        """The user wants to see the turn that a memory came from."""

        def __init__(self, source: Message) -> None:
            super().__init__()
            self.source = source

    def __init__(self, session: Session, clock: Clock, preferences: Preferences) -> None:
        super().__init__(id="memory-pane")
        self._session = session
        self._clock = clock
        self._preferences = preferences
        self._model = PaneModel(clock)
        self._listed = PAGE
        self._typing: Timer | None = None
        self._unfolded: int | None = None
        """The memory whose history is shown."""

    def compose(self) -> ComposeResult:
        yield Static("Memory", id="memory-counts", markup=False)
        yield PlainInput(placeholder="/ search", id="memory-search", compact=True)
        yield Static(EMPTY, id="memory-empty", markup=False)
        yield MemoryList()
        yield Inspector()

    def on_mount(self) -> None:
        self.styles.width = self._preferences.pane_width

    @property
    def session(self) -> Session:
        return self._session

    @property
    def model(self) -> PaneModel:
        return self._model

    @property
    def row(self) -> Row | None:
        return self.query_one(MemoryList).row

    def memory(self) -> Memory | None:
        row = self.row
        return self._read(row.memory_id) if row and row.memory_id else None

    def open(self, session: Session) -> None:
        """Show another bank, or this one for the first time."""
        self._session, self._model = session, PaneModel(self._clock)
        self.reload()

    def reload(self) -> None:
        """Read everything again. When the bank cannot be read, what is shown stays."""
        bank = self._session.bank
        try:
            self._model.load(bank.memories(), bank.suggestions())
            self._read_log()
        except MemchatError as error:
            complain(self, error, "The memories cannot be read")
            return
        self.draw()

    def _renew(self, event: Event) -> None:
        """Read again what an operation changed: all of it takes a moment in a large bank."""
        touched = {event.memory_id, event.old_memory_id} - {None}
        changed = [memory for each in touched if each and (memory := self._read(each))]
        self._model.renew(changed, self._session.bank.suggestions())
        self._read_log()
        self.draw()

    def _read_log(self) -> None:
        if self._model.show_log:
            self._model.log = self._session.bank.latest_events(LOG_EVENTS)

    @on(MemoryList.NearEnd)
    def _list_more(self, event: MemoryList.NearEnd) -> None:
        event.stop()
        if len(self.query_one(MemoryList).rows) == self._listed:
            self._listed += PAGE
            self.draw()

    def draw(self) -> None:
        """Show the model."""
        rows = self._model.rows(self._listed)
        self.query_one(MemoryList).show(rows)
        self.query_one("#memory-counts", Static).update(self._title())
        self.set_class(not rows, "-empty")
        if not rows:
            self.query_one("#memory-empty", Static).update(self._nothing())
        self._inspect()

    def _nothing(self) -> str:
        if self._session.incognito:
            return INCOGNITO
        return NO_MATCH if self.query_one(Input).value else EMPTY

    def begin_turn(self) -> None:
        """A message was sent."""
        self._model.begin_turn()
        self.draw()

    def select_answer(self, record: TurnRecord) -> None:
        """Mark the memories behind an answer."""
        self._model.select_answer(record.used, record.cited)
        self.draw()

    def show(self, event: TurnEvent) -> None:
        """Take in what happened in a turn."""
        model = self._model
        match event:
            case Retrieved(hits=hits):
                model.retrieved(hits)
            case Cited(hits=hits):
                model.named(hits)
            case FactsExtracted(message_id=message_id, facts=facts):
                model.checking[message_id] = list(facts)
            case Decided(message_id=message_id, event=operation):
                model.decided(message_id, operation)
                self._renew(operation)
                return
            case MemoryFinished(message_id=message_id) | MemoryFailed(message_id=message_id):
                model.checking.pop(message_id, None)
            case _:
                return
        self.draw()

    def changed(self, event: Event | None) -> None:
        if event is None:
            self.reload()
            return
        self._model.record(event)
        self._renew(event)

    def saving(self, memory_id: int | None, text: str | None) -> None:
        self._model.saving.pop(memory_id or 0, None)
        if text is not None:
            self._model.saving[memory_id or 0] = text
        self.draw()

    def action_edit(self) -> None:
        memory = self.memory()
        if memory and memory.state is State.ACTIVE:
            self.query_one(Inspector).edit(memory)

    def action_history(self) -> None:
        memory = self.memory()
        shown = memory is not None and self._unfolded == memory.id
        self._unfolded = None if shown or memory is None else memory.id
        self._inspect()

    def action_go_to_source(self) -> None:
        memory = self.memory()
        source = details.source(self._session.bank, memory) if memory else None
        if source:
            self.post_message(self.GoTo(source))

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def search(self, line: str) -> None:
        """Show what fits a search line."""
        self.post_message(self.Wanted())
        self.query_one(Input).value = line
        self.call_after_refresh(self.focus_list)

    def action_log(self) -> None:
        self._listed = PAGE
        self._model.show_log = not self._model.show_log
        self._read_log()
        self.draw()

    def action_resize(self, columns: int) -> None:
        self._preferences.resize(columns)
        self._preferences.save()
        self.styles.width = self._preferences.pane_width

    def action_leave(self) -> None:
        search = self.query_one(Input)
        if search.value:
            search.value = ""
            self.focus_list()
        else:
            self.post_message(self.Left())

    def focus_list(self) -> None:
        """Put the highlight on a row."""
        rows = self.query_one(MemoryList)
        rows.focus()
        if rows.highlighted is None and rows.option_count:
            rows.highlighted = 0

    @on(Input.Changed, "#memory-search")
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self._listed = PAGE
        self._model.filter = filters.parse(event.value)
        self._model.near = ()
        self.draw()
        if self._typing is not None:
            self._typing.stop()
        words = " ".join(self._model.filter.words)
        if len(words) >= MEANINGFUL:
            self._typing = self.set_timer(PAUSE_SECONDS, partial(self._find, words))

    def _find(self, words: str) -> None:
        """Look for what the words mean, too, once the user pauses."""
        self._session.find(words, lambda ids: self._post(self.Found(words, ids)))

    @on(Found)
    def _show_found(self, found: Found) -> None:
        found.stop()
        if found.words == " ".join(self._model.filter.words):
            self._model.near = found.ids
            self.draw()

    @on(Input.Submitted, "#memory-search")
    def _search_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_list()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._inspect()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_edit()

    @on(Inspector.Left)
    def _editor_left(self) -> None:
        self.focus_list()

    def _inspect(self) -> None:
        memory = self.memory()
        self.query_one(Inspector).show(self._details(memory) if memory else None)

    def _details(self, memory: Memory) -> Details:
        return details.read(
            self._session.bank,
            memory,
            self._clock(),
            chat_id=self._session.chat_id,
            history=self._unfolded == memory.id,
        )

    def _read(self, memory_id: int) -> Memory | None:
        try:
            return self._session.bank.memory(memory_id)
        except NotFoundError:
            return None

    def _title(self) -> str:
        if self._session.incognito:
            return "Memory  incognito"
        return self._model.title(self._session.bank.counts(), self._session.mode)
