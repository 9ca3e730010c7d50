"""The conversation: a window of mounted turns over a chat of any length."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from memchat.bank.bank import Bank
from memchat.tui.bindings import bound
from memchat.tui.chat_history import ChatHistory
from memchat.tui.turn_record import Phase, TurnRecord
from memchat.tui.widgets.turn import Turn
from memchat.tui.window import Window
from memchat.turn import TurnEvent

NEAR_EDGE = 2
"""Rows from an edge at which more turns are mounted."""


class Transcript(VerticalScroll):
    """Shows turns, follows the newest unless scrolled up, and mounts more on the way."""

    HELP_TITLE = "Conversation"
    HELP = """\
The conversation. It follows the newest answer until you scroll up; End follows it again. \
Click a turn, or press Ctrl+Up and Ctrl+Down, to see the memories used in its answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Scroll up", show=False),
        Binding("down,j", "scroll_down", "Scroll down", show=False),
        bound("newest", "follow", "Newest", tooltip="Go to the newest turn and follow it"),
    ]

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._records: list[TurnRecord] = []
        self._window = Window()
        self._history: ChatHistory | None = None
        self._sliding = asyncio.Lock()

    @property
    def records(self) -> list[TurnRecord]:
        """The turns read or added so far, oldest first."""
        return self._records

    @property
    def last(self) -> TurnRecord | None:
        return self._records[-1] if self._records else None

    @property
    def busy(self) -> TurnRecord | None:
        """The turn that is being answered."""
        return next((record for record in self._records if record.phase.busy), None)

    @property
    def waiting(self) -> TurnRecord | None:
        """The first turn that waits for its answer."""
        queued = (record for record in self._records if record.phase is Phase.QUEUED)
        return next(queued, None)

    def compose(self) -> ComposeResult:
        yield Static("↑ earlier turns", id="earlier")
        yield Static(id="welcome", markup=False)

    def on_mount(self) -> None:
        self.anchor()

    async def open(self, history: ChatHistory, greeting: Content) -> None:
        """Show the newest turns of a chat, or the greeting when it has none."""
        async with self._sliding:
            self.query_one("#welcome", Static).update(greeting)
            self._history = history
            self._records = history.older()
            await self._show_end()

    async def add(self, record: TurnRecord) -> None:
        """Show a new turn and follow it."""
        async with self._sliding:
            self._records.append(record)
            if self._window.at_end:
                surplus = self._window.append()
                await self._unmount(self._turns[:surplus])
                await self.mount(Turn(record))
                self._mark_more()
            else:
                await self._show_end()
        self.action_follow()

    async def drop(self, record: TurnRecord) -> None:
        """A turn is no more."""
        async with self._sliding:
            if record in self._records:
                self._records.remove(record)
                await self._show_end()

    async def show(self, event: TurnEvent) -> None:
        """Hand the event to the turn it belongs to, mounted or not."""
        message_id = getattr(event, "message_id", None)
        record = self.find(message_id) if message_id is not None else None
        if record is None:
            return
        record.apply(event)
        if turn := self.turn(record):
            await turn.show(event)

    def find(self, message_id: int) -> TurnRecord | None:
        """The turn of that message, if it has been read; the newest are looked at first."""
        for record in reversed(self._records):
            if record.question.id == message_id:
                return record
        return None

    def turn(self, record: TurnRecord) -> Turn | None:
        """The widget of a turn, when it is mounted."""
        return next((turn for turn in self._turns if turn.record is record), None)

    async def jump(self, message_id: int) -> bool:
        """Scroll to a turn of this chat, reading back to it. False when it is not here."""
        async with self._sliding:
            while (record := self.find(message_id)) is None:
                if not self._know_older():
                    return False
            if self.turn(record) is None:
                self._window.around(self._records.index(record))
                await self._remount()
        self.select(record)
        if turn := self.turn(record):
            self.call_after_refresh(turn.scroll_visible, top=True, animate=False)
        return True

    def refresh_operations(self, bank: Bank) -> None:
        """Operations were undone, or memories forgotten: read the badges again."""
        for turn in self._turns:
            turn.record.operations = bank.events(message_id=turn.record.question.id)
            turn.redraw()

    def select(self, record: TurnRecord | None) -> None:
        """Outline a turn."""
        for turn in self._turns:
            turn.set_class(turn.record is record, "-selected")

    def action_follow(self) -> None:
        """Go to the newest turn and follow it."""
        if not self._window.at_end:
            self.run_worker(self._to_end())
        self.anchor()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._sliding.locked():
            return
        if new_value <= NEAR_EDGE and new_value < old_value and self._more_above:
            self.run_worker(self._slide_up())
        elif not self._window.at_end and new_value >= self.max_scroll_y - NEAR_EDGE:
            self.run_worker(self._slide_down())

    @property
    def _turns(self) -> list[Turn]:
        """Those mounted. They are children: a query would walk through all of their Markdown."""
        return [child for child in self.children if isinstance(child, Turn)]

    @property
    def _more_above(self) -> bool:
        exhausted = self._history is None or self._history.exhausted
        return self._window.start > 0 or not exhausted

    async def _to_end(self) -> None:
        async with self._sliding:
            await self._show_end()

    async def _show_end(self) -> None:
        self._window.to_end(len(self._records))
        await self._remount()
        self.anchor()

    async def _remount(self) -> None:
        shown = self._records[self._window.start : self._window.stop]
        with self.app.batch_update():
            await self._unmount(self._turns)
            await self.mount_all([Turn(record) for record in shown])
        self._mark_more()

    async def _slide_up(self) -> None:
        async with self._sliding:
            if self._window.start == 0:
                self._know_older()
            mounting, unmounting = self._window.up()
            first = next(iter(self._turns), None)
            if not mounting or first is None:
                self._mark_more()
                return
            offset = first.virtual_region.y - self.scroll_y
            start = self._window.start
            added = [Turn(record) for record in self._records[start : start + mounting]]
            await self.mount_all(added, before=first)
            await self._unmount(self._turns[len(self._turns) - unmounting :])
            self._mark_more()
            self.call_after_refresh(self._hold, first, offset)

    async def _slide_down(self) -> None:
        async with self._sliding:
            stop = self._window.stop
            mounting, unmounting = self._window.down()
            last = self._turns[-1]
            offset = last.virtual_region.y - self.scroll_y
            added = [Turn(record) for record in self._records[stop : stop + mounting]]
            await self.mount_all(added)
            await self._unmount(self._turns[:unmounting])
            self._mark_more()
            self.call_after_refresh(self._hold, last, offset)

    def _hold(self, turn: Turn, offset: float) -> None:
        """Keep a turn where it was on screen while others come and go around it."""
        if turn.is_mounted:
            self.scroll_to(y=turn.virtual_region.y - offset, animate=False, immediate=True)

    def _know_older(self) -> bool:
        older = self._history.older() if self._history else []
        self._records[:0] = older
        self._window.know_older(len(older))
        return bool(older)

    async def _unmount(self, turns: list[Turn]) -> None:
        for turn in turns:
            await turn.remove()

    def _mark_more(self) -> None:
        self.set_class(self._more_above, "-more")
        self.set_class(not self._records, "-empty")
