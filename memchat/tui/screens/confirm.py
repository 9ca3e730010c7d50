"""A question with a yes and a no."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from memchat.text import printable, single_line

QUOTE_CELLS = 160


class Confirm(ModalScreen[bool]):
    """Asks before something that cannot be undone. The safe answer has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, title: str, quote: str, consequence: str, *, yes: str) -> None:
        super().__init__()
        self._title = title
        self._quote = quote
        self._consequence = consequence
        self._yes = yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(printable(self._title), markup=False, classes="dialog-title")
            if self._quote:
                quote = single_line(self._quote, QUOTE_CELLS)
                yield Static(f"“{quote}”", markup=False, classes="dialog-quote")
            yield Static(printable(self._consequence), markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button("No (n)", id="no", compact=True)
                yield Button(f"{self._yes} (y)", id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
