"""The row marks of the memory pane: each a glyph, a colour and a word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from memchat.bank.types import Op

MUTED = "$foreground 60%"
"""The style of words that matter less. ($text-muted is for stylesheets only.)"""


@dataclass(frozen=True, slots=True)
class MarkStyle:
    glyph: str
    style: str
    """A Textual content style; names theme variables, so that it follows the theme."""
    word: str


class Mark(Enum):
    """What a row of the pane says about its memory."""

    ADDED = MarkStyle("+", "bold $text-success", "added")
    UPDATED = MarkStyle("~", "bold $text-warning", "updated")
    REMOVED = MarkStyle("−", "bold $text-error", "removed")
    NOTHING_NEW = MarkStyle("=", MUTED, "nothing new")
    CITED = MarkStyle("●", "bold $text-accent", "cited")
    USED = MarkStyle("●", "$text-accent", "used")
    PINNED = MarkStyle("*", "bold $text-primary", "pinned")
    ASKED = MarkStyle("?", "bold $text-warning", "asked")
    CHECKING = MarkStyle("…", MUTED, "checking")
    SAVING = MarkStyle("…", MUTED, "saving")
    FORGOTTEN = MarkStyle("−", "bold $text-error", "forgotten")
    DISMISSED = MarkStyle("=", MUTED, "dismissed")
    UNDONE = MarkStyle("↶", "bold $text-primary", "undone")
    PLAIN = MarkStyle(" ", "", "")

    @property
    def glyph(self) -> str:
        return self.value.glyph

    @property
    def style(self) -> str:
        return self.value.style

    @property
    def word(self) -> str:
        return self.value.word


OF_OPERATION = {
    Op.ADD: Mark.ADDED,
    Op.UPDATE: Mark.UPDATED,
    Op.EDIT: Mark.UPDATED,
    Op.DELETE: Mark.REMOVED,
    Op.NOOP: Mark.NOTHING_NEW,
    Op.PIN: Mark.PINNED,
    Op.UNPIN: Mark.PINNED,
    Op.UNDO: Mark.UNDONE,
    Op.FORGET: Mark.FORGOTTEN,
    Op.SUGGEST: Mark.ASKED,
    Op.DISMISS: Mark.DISMISSED,
}
