"""Where the message is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from memchat.tui.widgets.ordered_text_area import OrderedTextArea


class Prompt(OrderedTextArea):
    """Grows with the text up to a third of the screen. Enter sends, Ctrl+J breaks the line."""

    HELP = """\
Write your message here. Readline keys work: Ctrl+A and Ctrl+E for the ends of the line,
Ctrl+W a word, Ctrl+U and Ctrl+K the rest of the line.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", tooltip="Send the message"),
        Binding("ctrl+j,shift+enter", "newline", "New line", tooltip="Start a new line"),
    ]

    @dataclass
    class Sent(Message):
        """The user asked to send `text`, which is not blank."""

        text: str

    def __init__(self) -> None:
        super().__init__(
            id="prompt",
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            placeholder="Say something to remember…",
        )
        self.border_title = "Enter sends · Ctrl+J newline · / commands"

    def action_send(self) -> None:
        """Hand the text over; it is cleared only when there was something to send."""
        if text := self.text.strip():
            self.clear()
            self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        self.insert("\n")

    def give_back(self, text: str) -> None:
        """Put a text that could not be sent back where it was, before what was typed since."""
        rest = self.text
        self.text = f"{text}\n{rest}" if rest else text
        self.move_cursor(self.document.end)
