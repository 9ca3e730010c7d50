"""The bottom line."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from memchat.marks import MUTED
from memchat.text import single_line
from memchat.tui.status import Status
from memchat.turn import MemoryMode

MODEL_CELLS = 28
TROUBLE = ("model failed", "restarting model")


class StatusBar(Horizontal):
    """Draws a Status: the model and its state on the left, memory on the right."""

    def __init__(self) -> None:
        super().__init__(id="status-bar")
        self._shown: dict[str, Content] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="status-left", markup=False)
        yield Static(id="status-right", markup=False)

    def show(self, status: Status) -> None:
        """Drawn anew only when it says something new: this is called for every delta."""
        for side, content in (("left", _left(status)), ("right", _right(status))):
            if not content.is_same(self._shown.get(side, Content())):
                self._shown[side] = content
                self.query_one(f"#status-{side}", Static).update(content)


def _left(status: Status) -> Content:
    state_style = "bold $text-error" if status.state in TROUBLE else "$text-primary"
    parts = [
        Content.styled(single_line(status.model, MODEL_CELLS), "$foreground"),
        Content.styled(status.state, state_style),
        Content.styled(status.speed, MUTED),
        Content.styled(status.context, MUTED),
    ]
    return Content.styled(" · ", MUTED).join(part for part in parts if part.plain)


def _right(status: Status) -> Content:
    memory = _memory(status)
    if not status.profile:
        return memory
    return Content.assemble((f"{status.profile} · ", MUTED), memory)


def _memory(status: Status) -> Content:
    if status.memory_failed:
        return Content.styled(status.memory, "bold $text-error")
    quiet = status.mode is MemoryMode.ON
    return Content.styled(status.memory, "$text-success" if quiet else "bold $text-warning")
