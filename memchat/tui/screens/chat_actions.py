"""The keys of the chat screen that work on what was said: copy, edit, search, help."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from textual import work
from textual.app import SuspendNotSupported
from textual.binding import BindingType
from textual.widgets import Input, TextArea

from memchat.commands import BY_NAME
from memchat.errors import MemchatError, NotFoundError, UsageError
from memchat.tui import clipboard, external_editor
from memchat.tui.bindings import bound
from memchat.tui.clock import Clock
from memchat.tui.model_choices import model_choices
from memchat.tui.prompt_history import sent_messages
from memchat.tui.say import complain, say
from memchat.tui.screens.chat_commands import ChatCommands
from memchat.tui.screens.chats import Chats
from memchat.tui.screens.help import Help
from memchat.tui.screens.pick import Choice, Pick
from memchat.tui.turn_record import Phase, TurnRecord
from memchat.tui.widgets.memory_pane import MemoryPane
from memchat.tui.widgets.prompt import Prompt
from memchat.tui.widgets.transcript import Transcript

QUIT_SECONDS = 2.0
"""How soon the second Ctrl+C must follow the first."""


REPLACING = "editing the last message · Enter puts it in its place · Esc keeps both"


class ChatActions(ChatCommands):
    """Actions on the conversation as a whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("help", "help", "Help", tooltip="Help for what has the focus"),
        bound("chats", "chats", "Chats", tooltip="List, search, rename and delete chats"),
        bound("model", "model", "Model", tooltip="Go on with another model"),
        bound("edit_last", "edit_last", "Edit", tooltip="Edit the last message and send it again"),
        bound(
            "copy_answer", "copy_answer", "Copy", tooltip="Copy the selected answer", priority=True
        ),
        bound("editor", "open_editor", "Editor", tooltip="Write the message in $EDITOR"),
        bound("recall", "search_history", "Recall", tooltip="Search what you sent before"),
        bound(
            "copy_or_stop",
            "copy_or_stop",
            "Copy",
            tooltip="Copy the selection, else stop the answer; twice quits",
            priority=True,
        ),
        bound("previous_turn", "select_turn(-1)", "Turn", tooltip="Select the turn before"),
        bound("next_turn", "select_turn(1)", "Turn", tooltip="Select the turn after"),
    ]

    clock: Clock
    selected: TurnRecord | None = None
    """The turn that the user selected; None means the last one."""
    _replaced: TurnRecord | None = None
    """The turn whose place the next message takes."""
    _interrupted_at = float("-inf")

    def stop_answer(self) -> bool:
        """Stop the answer under way; False when there is none."""
        raise NotImplementedError

    def action_help(self) -> None:
        self.app.push_screen(Help(self.focused or self, getattr(self.app, "keys", {})))

    @work
    async def action_chats(self) -> None:
        chosen = await self.app.push_screen_wait(Chats(self.session.bank, self.clock))
        if chosen is not None:
            await self.open_chat(int(chosen))
        elif self.session.chat_id is not None and not self._chat_exists(self.session.chat_id):
            await self.open_chat(None)

    @work
    async def action_search_history(self) -> None:
        sent = sent_messages(self.session.bank)

        def fitting(query: str) -> list[Choice]:
            words = query.casefold().split()
            fits = (text for text in sent if all(word in text.casefold() for word in words))
            return [Choice(text, text) for text in fits]

        if text := await self.app.push_screen_wait(Pick("What you sent before", fitting)):
            self.query_one(Prompt).fill(text)

    def action_edit_last(self) -> None:
        last = self.query_one(Transcript).last
        if last is None or last.phase is Phase.QUEUED:
            return
        self.stop_answer()
        prompt = self.query_one(Prompt)
        prompt.fill(last.question.text)
        prompt.focus()
        self.replace(last)

    def replace(self, record: TurnRecord | None) -> None:
        """What is sent next takes the place of that turn; of none, as ever."""
        self._replaced = record
        self.query_one(Prompt).announce(REPLACING if record else "")

    def take_replaced(self) -> TurnRecord | None:
        """The turn whose place the next message takes, and no longer."""
        record = self._replaced
        self.replace(None)
        return record

    @work
    async def action_model(self) -> None:
        models = await asyncio.to_thread(model_choices)

        def fitting(query: str) -> list[Choice]:
            words = query.casefold().split()
            return [each for each in models if all(word in each.value.casefold() for word in words)]

        if name := await self.app.push_screen_wait(Pick("Models", fitting)):
            await self.run_command(BY_NAME["model"], name)

    def action_open_editor(self) -> None:
        prompt = self.query_one(Prompt)
        if self.session.incognito:
            reason = UsageError("Incognito: an editor needs the text in a file.")
            complain(self, reason, "Nothing changed")
            return
        try:
            with self.app.suspend():
                text = external_editor.edit(prompt.text)
        except SuspendNotSupported:
            complain(self, UsageError("An editor cannot be opened here."), "Nothing changed")
        except MemchatError as error:
            complain(self, error, "Nothing changed")
        else:
            prompt.fill(text)

    def action_copy_answer(self) -> None:
        record = self.selected or self.query_one(Transcript).last
        if record is None or not record.answer:
            complain(self, UsageError("There is no answer to copy yet."), "Nothing copied")
            return
        clipboard.copy(self.app, record.answer)
        say(self, record.answer, "Answer copied")

    def action_copy_or_stop(self) -> None:
        if text := self._selected_text():
            clipboard.copy(self.app, text)
            say(self, text, "Copied")
        elif not self.stop_answer():
            self._quit_when_pressed_twice()

    def action_select_turn(self, step: int) -> None:
        transcript = self.query_one(Transcript)
        if not transcript.records:
            return
        current = self.selected or transcript.records[-1]
        at = transcript.records.index(current) + (step if self.selected else min(step, 0))
        if at >= len(transcript.records):
            self.select_turn(None)
        else:
            self.select_turn(transcript.records[max(at, 0)])

    def select_turn(self, record: TurnRecord | None) -> None:
        """Outline a turn and mark its memories; None goes back to the last one."""
        transcript = self.query_one(Transcript)
        self.selected = record
        transcript.select(record)
        shown = record or transcript.last
        if shown:
            self.query_one(MemoryPane).select_answer(shown)
        if record and (turn := transcript.turn(record)):
            turn.scroll_visible(animate=False)

    def _selected_text(self) -> str:
        focused = self.focused
        if isinstance(focused, TextArea | Input) and focused.selected_text:
            return focused.selected_text
        return self.get_selected_text() or ""

    def _quit_when_pressed_twice(self) -> None:
        now = time.monotonic()
        if now - self._interrupted_at < QUIT_SECONDS:
            self.app.exit()
        self._interrupted_at = now
        say(self, "Press Ctrl+C again to quit")

    def _chat_exists(self, chat_id: int) -> bool:
        try:
            self.session.bank.chat(chat_id)
        except NotFoundError:
            return False
        return True
