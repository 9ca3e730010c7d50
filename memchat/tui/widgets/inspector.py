"""The selected memory in full: its text, where it comes from, what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message as TextualMessage
from textual.widgets import Static

from memchat.bank.types import Memory
from memchat.tui.details import Details, describe
from memchat.tui.widgets.text_inputs import PlainTextArea


class Editor(PlainTextArea):
    """The text of a memory while it is edited. Enter saves, Esc leaves it as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "save", "Save", tooltip="Save the memory"),
        Binding("escape", "cancel", "Cancel", tooltip="Leave the memory as it was"),
    ]

    class Saved(TextualMessage):
        """Enter was pressed."""

    class Cancelled(TextualMessage):
        """Esc was pressed."""

    def action_save(self) -> None:
        self.post_message(self.Saved())

    def action_cancel(self) -> None:
        self.post_message(self.Cancelled())


class Inspector(Vertical):
    """Shows Details, or an editor in their place."""

    @dataclass
    class Edited(TextualMessage):
        """The user wants `text` as the memory's text, or as a new memory (`memory_id` None)."""

        memory_id: int | None
        text: str

    class Left(TextualMessage):
        """The user left the editor, with or without saving."""

    def __init__(self) -> None:
        super().__init__(id="inspector")
        self._editing: int | None = None
        self._original = ""

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="details", can_focus=False):
            yield Static(id="details-text", markup=False)
        yield Editor(id="editor", compact=True, highlight_cursor_line=False)

    @property
    def editing(self) -> bool:
        return self.has_class("-editing")

    def show(self, details: Details | None) -> None:
        """Describe a memory; nothing is shown for None."""
        self.set_class(details is None, "-empty")
        self.set_class(bool(details and details.history is not None), "-unfolded")
        text = describe(details) if details else Content("")
        self.query_one("#details-text", Static).update(text)

    def edit(self, memory: Memory | None) -> None:
        """Open the editor on a memory, or on an empty text for a new one."""
        self._editing = memory.id if memory else None
        self._original = memory.text if memory else ""
        self._open(self._original, "Edit memory" if memory else "New memory")

    def reopen(self, memory: Memory | None, text: str) -> None:
        """Open the editor again on a text that could not be saved."""
        self.edit(memory)
        self._open(text, "Not saved yet")

    def _open(self, text: str, title: str) -> None:
        editor = self.query_one(Editor)
        editor.text = text
        editor.border_title = title
        editor.border_subtitle = "Enter saves · Esc cancels"
        self.add_class("-editing")
        editor.move_cursor(editor.document.end)
        editor.focus()

    @on(Editor.Saved)
    def _save(self) -> None:
        text = " ".join(self.query_one(Editor).text.split())
        if text and text != self._original:
            self.post_message(self.Edited(self._editing, text))
        self._leave()

    @on(Editor.Cancelled)
    def _leave(self) -> None:
        self.remove_class("-editing")
        self.post_message(self.Left())
