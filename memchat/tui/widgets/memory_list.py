"""The list of the memory pane. OptionList: it stays quick with thousands of rows."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from memchat.tui.rows import Row
from memchat.tui.widgets.memory_row import MemoryRow

NEAR_END = 20
"""Rows, or lines, from the end at which more are asked for."""


class MemoryList(OptionList):
    """Shows rows; keeps the highlight on the same memory when they change."""

    class NearEnd(Message):
        """The user comes to the end of what is listed."""

    def __init__(self) -> None:
        super().__init__(id="memory-list", markup=False, compact=True)
        self._rows: tuple[Row, ...] = ()
        self._visuals: dict[str, MemoryRow] = {}

    @property
    def rows(self) -> Sequence[Row]:
        """What is listed, top to bottom."""
        return self._rows

    @property
    def row(self) -> Row | None:
        """The highlighted row."""
        if self.highlighted is None or self.highlighted >= len(self._rows):
            return None
        return self._rows[self.highlighted]

    def show(self, rows: Sequence[Row]) -> None:
        """List `rows`; nothing is redrawn when they are the ones listed already."""
        shown = tuple(rows)
        if shown == self._rows:
            return
        key = self.row.key if self.row else None
        at, top = self.highlighted, self.scroll_offset.y
        same_keys = [row.key for row in shown] == [row.key for row in self._rows]
        if same_keys:
            self._replace(shown)
        else:
            self._rows = shown
            self.set_options([Option(visual) for visual in self._visuals_of(shown)])
            self._restore(key, at, top)

    async def _on_click(self, event: events.Click) -> None:
        """A click shows the memory, a double click edits it. OptionList would edit at once."""
        event.prevent_default()
        clicked = event.style.meta.get("option")
        if clicked is not None:
            self.highlighted = clicked
            if event.chain > 1:
                self.action_select()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value > old_value and new_value >= self.max_scroll_y - NEAR_END:
            self.post_message(self.NearEnd())

    def watch_highlighted(self, highlighted: int | None) -> None:
        super().watch_highlighted(highlighted)
        if highlighted is not None and highlighted >= len(self._rows) - NEAR_END:
            self.post_message(self.NearEnd())

    def reveal(self, key: str) -> bool:
        """Highlight the row of that key, if it is listed."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self.highlighted = index
                return True
        return False

    def _visuals_of(self, rows: Sequence[Row]) -> list[MemoryRow]:
        """The rows as drawn; those that did not change keep the wrapping they have."""
        known, self._visuals = self._visuals, {}
        for row in rows:
            visual = known.get(row.key)
            self._visuals[row.key] = visual if visual and visual.row == row else MemoryRow(row)
        return list(self._visuals.values())

    def _replace(self, rows: tuple[Row, ...]) -> None:
        before, self._rows = self._rows, rows
        for index, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old != new:
                self._visuals[new.key] = MemoryRow(new)
                self.replace_option_prompt_at_index(index, self._visuals[new.key])

    def _restore(self, key: str | None, at: int | None, top: int) -> None:
        if key is None:
            return
        if not self.reveal(key):
            self.highlighted = at
        self.scroll_to(y=top, animate=False, immediate=True)
        self.scroll_to_highlight()
