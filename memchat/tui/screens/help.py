"""Help for what has the focus, made from the bindings and the commands themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.keys import format_key
from textual.screen import ModalScreen
from textual.widgets import Static

from memchat.commands import COMMANDS
from memchat.marks import MUTED

KEY_CELLS = 20
COMMAND_CELLS = 22


class Help(ModalScreen[None]):
    """Says what the focused part is for, lists its keys, the keys everywhere, the commands."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss", "Close"),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
    ]

    def __init__(self, focused: DOMNode, rebound: Mapping[str, str]) -> None:
        super().__init__()
        self._text = Content("\n").join(_sections(focused, rebound))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog help"):
            with VerticalScroll():
                yield Static(self._text, markup=False)
            yield Static("Esc closes", classes="dialog-keys")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def _sections(focused: DOMNode, rebound: Mapping[str, str]) -> Iterable[Content]:
    for node in focused.ancestors_with_self:
        if title := getattr(node, "HELP_TITLE", ""):
            yield Content.styled(str(title), "bold $text-primary")
            if text := getattr(node, "HELP", ""):
                yield Content(str(text).strip())
            yield from _keys(type(node), rebound)
            yield Content("")
    yield Content.styled("Commands", "bold $text-primary")
    for command in COMMANDS:
        yield _entry(command.usage, command.summary, COMMAND_CELLS)


def _keys(widget: type[DOMNode], rebound: Mapping[str, str]) -> Iterable[Content]:
    """The keys that our own classes bind and explain, as the user has them."""
    ours = [each for each in widget.__mro__ if each.__module__.startswith("memchat.")]
    for each in ours:
        for binding in each.__dict__.get("BINDINGS", []):
            if isinstance(binding, Binding) and binding.tooltip:
                bound = rebound.get(binding.id or "", binding.key)
                keys = " ".join(format_key(key) for key in bound.split(","))
                yield _entry(keys, binding.tooltip, KEY_CELLS)


def _entry(what: str, meaning: str, cells: int) -> Content:
    return Content.assemble((f"  {what:<{cells}}", "bold"), (f" {meaning}", MUTED))
