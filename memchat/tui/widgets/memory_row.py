"""How one memory looks in the list: a mark, the text, and the mark in words."""

from __future__ import annotations

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from memchat.marks import MUTED
from memchat.text import printable
from memchat.tui.diff import change
from memchat.tui.rows import Row

MAX_LINES = 4
MAX_CHARACTERS = 600
INDENT = 2


class MemoryRow(Visual):
    """Wraps to the width it gets; the wrapped lines of the last width are kept."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self._width = 0
        self._lines: list[Content] = []

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        strips: list[Strip] = []
        for line in self._wrapped(width):
            strips += line.render_strips(width, 1, style, options)[:1]
        return strips[:height]

    def get_optimal_width(
        self,
        rules: RulesMap,  # noqa: ARG002
        container_width: int,
    ) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:  # noqa: ARG002
        return len(self._wrapped(width))

    def _wrapped(self, width: int) -> list[Content]:
        if width != self._width:
            self._width, self._lines = width, self._layout(max(width, INDENT + 1))
        return self._lines

    def _layout(self, width: int) -> list[Content]:
        row = self.row
        body = _body(row).wrap(width - INDENT)
        if len(body) > MAX_LINES:
            body = [*body[: MAX_LINES - 1], body[MAX_LINES - 1].append("…")]
        glyph = Content.styled(f"{row.mark.glyph:<{INDENT}}", row.mark.style)
        lines = [glyph + body[0], *(line.pad_left(INDENT) for line in body[1:])]
        if row.note:
            note = Content.styled(printable(row.note, multiline=False), _note_style(row))
            lines.append(note.pad_left(INDENT))
        return [line.truncate(width, ellipsis=True) for line in lines]


def _body(row: Row) -> Content:
    base = MUTED if row.dim else ""
    text = printable(row.text[:MAX_CHARACTERS], multiline=False)
    if not row.old:
        return Content.styled(text, base)
    diff = change(printable(row.old[:MAX_CHARACTERS], multiline=False), text)
    parts = [
        (diff.before, base),
        (diff.old, "strike $foreground 60%"),
        ("→" if diff.old and diff.new else "", MUTED),
        (diff.new, "bold"),
        (diff.after, base),
    ]
    return Content(" ").join(Content.styled(part, look) for part, look in parts if part)


def _note_style(row: Row) -> str:
    return row.mark.style.removeprefix("bold ") if row.mark.style else MUTED
