"""A list to choose from, narrowed down by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from memchat.marks import MUTED
from memchat.text import single_line
from memchat.tui.widgets.text_inputs import PlainInput

LINE_CELLS = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of the list: what is chosen, how it reads, and something to say beside it."""

    value: str
    text: str
    note: str = ""


Finder = Callable[[str], Sequence[Choice]]
"""The choices for what was typed, best first."""


class Pick(ModalScreen[str | None]):
    """Returns the value chosen, or None. Typing searches; the arrows move; Enter takes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("down", "move(1)", "Next", show=False, priority=True),
        Binding("up", "move(-1)", "Previous", show=False, priority=True),
    ]
    KEYS = "Type to search · Enter takes it · Esc leaves"

    def __init__(self, title: str, find: Finder) -> None:
        super().__init__()
        self._title = title
        self._find = find
        self._choices: Sequence[Choice] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog pick"):
            yield Static(self._title, markup=False, classes="dialog-title")
            yield PlainInput(placeholder="search", compact=True)
            yield OptionList(compact=True, markup=False)
            yield Static(self.KEYS, classes="dialog-keys")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.search()

    @property
    def choice(self) -> Choice | None:
        """The highlighted choice."""
        at = self.query_one(OptionList).highlighted
        return self._choices[at] if at is not None and at < len(self._choices) else None

    def search(self) -> None:
        """List what fits what was typed."""
        listed = self.query_one(OptionList)
        at = listed.highlighted or 0
        self._choices = self._find(self.query_one(Input).value)
        listed.set_options(Option(_line(choice)) for choice in self._choices)
        listed.highlighted = min(at, len(self._choices) - 1) if self._choices else None

    def action_move(self, step: int) -> None:
        listed = self.query_one(OptionList)
        (listed.action_cursor_down if step > 0 else listed.action_cursor_up)()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one(OptionList).highlighted = None
        self.search()

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _taken(self) -> None:
        self.dismiss(self.choice.value if self.choice else None)


def _line(choice: Choice) -> Content:
    text = Content(single_line(choice.text, LINE_CELLS))
    note = single_line(choice.note, LINE_CELLS)
    return text + Content.styled(f"  {note}", MUTED) if note else text
