"""Where the message is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from memchat.tui.bindings import bound
from memchat.tui.prompt_history import PromptHistory
from memchat.tui.widgets.command_popup import CommandPopup
from memchat.tui.widgets.text_inputs import PlainTextArea

TITLE = "Enter sends · Ctrl+J newline · / commands"
INCOGNITO_TITLE = "incognito: nothing is read, nothing is saved · /incognito ends it"


class Prompt(PlainTextArea):
    """Grows with the text up to a third of the screen. Completes commands, recalls messages."""

    HELP_TITLE = "Prompt"
    HELP = """\
Write your message here. Readline keys work: Ctrl+A and Ctrl+E for the ends of the line, \
Ctrl+W for a word, Ctrl+U and Ctrl+K for the rest of the line. Up on the first line and Down \
on the last one go through what you sent before. A line that starts with / is a command; \
// starts a message with a slash."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("send", "send", "Send", tooltip="Send the message, or take the command"),
        bound("newline", "newline", "New line", tooltip="Start a new line"),
        bound("complete", "complete", "Complete", tooltip="Complete the command"),
        Binding("escape", "close_popup", "Close", tooltip="Close the list of commands"),
    ]

    @dataclass
    class Sent(Message):
        """The user asked to send `text`, which is not blank."""

        text: str

    def __init__(self, popup: CommandPopup, history: PromptHistory) -> None:
        super().__init__(
            id="prompt",
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            placeholder="Say something to remember…",
        )
        self.title = TITLE
        self._popup = popup
        self._history = history

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"complete", "close_popup"}:
            return self._popup.is_open
        return super().check_action(action, parameters)

    def fill(self, text: str) -> None:
        """Replace what is there, ready to go on writing."""
        self.text = text
        self.move_cursor(self.document.end)

    @property
    def title(self) -> str:
        """What its frame says when nothing special is going on."""
        return self._title

    @title.setter
    def title(self, title: str) -> None:
        self._title = self.border_title = title

    def announce(self, title: str) -> None:
        """Have the frame say something else for a while; nothing brings the title back."""
        self.border_title = title or self._title

    def forget_history(self) -> None:
        """The texts sent before are read again: they are others now."""
        self._history.reset()

    def give_back(self, text: str) -> None:
        """Put a text that could not be sent back, before what was typed since."""
        self.fill(f"{text}\n{self.text}" if self.text else text)

    def action_send(self) -> None:
        """Hand the text over; a highlighted command that wants an argument is completed first."""
        command = self._popup.command
        if command and (command.needs_argument or self.text != f"/{command.name}"):
            self.action_complete()
            if command.argument:
                return
        if text := self.text.strip():
            self.clear()
            self._popup.close()
            self._history.reset()
            self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        self.insert("\n")

    def action_complete(self) -> None:
        if command := self._popup.command:
            self.fill(f"/{command.name}{' ' if command.argument else ''}")
            self._popup.close()

    def action_close_popup(self) -> None:
        self._popup.close()

    def action_cursor_up(self, select: bool = False) -> None:
        if self._popup.is_open:
            self._popup.action_cursor_up()
        elif select or self._row > 0:
            super().action_cursor_up(select)
        elif (text := self._history.older(self.text)) is not None:
            self.fill(text)

    def action_cursor_down(self, select: bool = False) -> None:
        if self._popup.is_open:
            self._popup.action_cursor_down()
        elif select or self._row < self.wrapped_document.height - 1:
            super().action_cursor_down(select)
        elif (text := self._history.newer()) is not None:
            self.fill(text)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._popup.offer(self.text)

    @property
    def _row(self) -> int:
        """The line of the cursor, as wrapped on screen."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y
