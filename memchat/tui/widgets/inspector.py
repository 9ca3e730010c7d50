"""The selected memory in full: its text, where it comes from, what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message as TextualMessage
from textual.widgets import Static

from memchat.bank.types import Event, Memory, Message, State
from memchat.marks import MUTED, OF_OPERATION
from memchat.text import printable
from memchat.tui.ages import age
from memchat.tui.widgets.ordered_text_area import OrderedTextArea

QUOTE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Details:
    """Everything the inspector shows about one memory."""

    memory: Memory
    now: datetime
    source: Message | None = None
    source_chat: str = ""
    """Title of the chat of `source`; empty when it is the one on screen."""
    history: Sequence[Event] | None = field(default=None)
    """Events of all its versions, oldest first; None while the history is folded."""


class Editor(OrderedTextArea):
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


def describe(details: Details) -> Content:
    """The details as styled lines, every text of the bank made printable."""
    memory, now = details.memory, details.now
    lines = [
        Content.styled(printable(memory.text), "bold"),
        Content.styled(" · ".join(_standing(memory, now)), MUTED),
    ]
    if details.source:
        lines += _quote(details.source, details.source_chat, now)
    if details.history is not None:
        lines.append(Content.styled("History", "bold $foreground 60%"))
        lines += [_entry(event, now) for event in details.history]
    return Content("\n").join(lines)


def _standing(memory: Memory, now: datetime) -> list[str]:
    parts = [] if memory.state is State.ACTIVE else [_removed(memory, now)]
    parts += ["pinned"] if memory.pinned else []
    parts += ["edited by you"] if memory.edited else []
    return [*parts, f"since {age(memory.valid_from or memory.created_at, now)}"]


def _removed(memory: Memory, now: datetime) -> str:
    word = "replaced" if memory.state is State.SUPERSEDED else "removed"
    return f"{word} {age(memory.valid_to, now)}" if memory.valid_to else word


def _quote(source: Message, chat: str, now: datetime) -> list[Content]:
    text = printable(source.text[:QUOTE_CHARACTERS], multiline=False)
    more = "…" if len(source.text) > QUOTE_CHARACTERS else ""
    where = f"in “{printable(chat, multiline=False)}”" if chat else "in this chat"
    who = printable(source.speaker, multiline=False) or "you"
    return [
        Content.styled(f"“{text}{more}”", "italic"),
        Content.styled(f"{who}, {age(source.said_at, now)}, {where} · g goes there", MUTED),
    ]


def _entry(event: Event, now: datetime) -> Content:
    mark = OF_OPERATION[event.op]
    undone = ", undone" if event.undone_by is not None else ""
    text = printable(event.new or event.old, multiline=False)
    return Content.assemble(
        (f"{mark.glyph} ", mark.style),
        f"{mark.word} ",
        (f"{age(event.at, now)} by {event.actor.value}{undone}", MUTED),
        ("\n  " + text if text else "", MUTED if event.undone_by else ""),
    )
