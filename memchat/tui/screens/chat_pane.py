"""Showing and hiding the memory pane: a column on a wide screen, a drawer on a narrow one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from memchat.tui.bindings import bound
from memchat.tui.preferences import Preferences
from memchat.tui.screens.chat_actions import ChatActions
from memchat.tui.widgets.memory_pane import MemoryPane
from memchat.tui.widgets.prompt import Prompt
from memchat.tui.widgets.transcript import Transcript


class ChatPane(ChatActions):
    """F2 goes to the pane, and from the pane hides it. What it asks for is done here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("pane", "toggle_pane", "Memory", tooltip="Go to the memory pane, or hide it"),
    ]

    preferences: Preferences

    def action_toggle_pane(self) -> None:
        """First to the pane; from the pane, hide it and go back to the prompt."""
        pane = self.query_one(MemoryPane)
        if self.pane_shown and pane.has_focus_within:
            self._hide_pane()
            return
        self._show_pane()
        pane.focus_list()

    @on(MemoryPane.Wanted)
    def _show_pane(self) -> None:
        self.add_class("-drawer")
        self._keep_hidden(False)

    @on(MemoryPane.Left)
    def _leave_pane(self) -> None:
        self.remove_class("-drawer")
        self.query_one(Prompt).focus()

    @on(MemoryPane.Changed)
    def _memory_changed(self) -> None:
        self.query_one(Transcript).refresh_operations(self.session.bank)

    @on(MemoryPane.GoTo)
    async def _go_to(self, jump: MemoryPane.GoTo) -> None:
        if jump.source.chat_id != self.session.chat_id:
            await self.open_chat(jump.source.chat_id)
        if await self.query_one(Transcript).jump(jump.source.id):
            self.remove_class("-drawer")

    def _hide_pane(self) -> None:
        self.remove_class("-drawer")
        if self.has_class("-wide"):
            self._keep_hidden(True)
        self.query_one(Prompt).focus()

    def _keep_hidden(self, hidden: bool) -> None:
        """Hide the pane, or show it, also the next time. The drawer of a narrow screen is shut."""
        self.set_class(hidden, "-pane-hidden")
        if self.preferences.pane_hidden is not hidden:
            self.preferences.pane_hidden = hidden
            self.preferences.save()

    @property
    def pane_shown(self) -> bool:
        return bool(self.query_one(MemoryPane).display) and bool(self.query_one(MemoryPane).region)
