"""An answer as Markdown while it streams."""

from __future__ import annotations

from markdown_it import MarkdownIt
from textual import on
from textual.timer import Timer
from textual.widgets import Markdown

from memchat.text import printable

FLUSH_SECONDS = 0.05
"""Deltas are put together and shown about twenty times a second."""


def plain_markdown() -> MarkdownIt:
    """A parser that shows HTML as the text it is, and an image as a link to it."""
    return MarkdownIt("gfm-like", {"html": False}).disable("image")


class Answer(Markdown):
    """Shows Markdown; links are shown and announced, never opened."""

    def __init__(self, text: str = "") -> None:
        super().__init__(
            printable(text), parser_factory=plain_markdown, open_links=False, classes="answer"
        )
        self._waiting: list[str] = []
        self._timer: Timer | None = None

    def stream(self, text: str) -> None:
        """Add to the end, soon."""
        self._waiting.append(printable(text))
        if self._timer is None:
            self._timer = self.set_timer(FLUSH_SECONDS, self._flush)

    async def finish(self, text: str) -> None:
        """Show the whole answer as saved."""
        self._cancel()
        whole = printable(text)
        if whole != self.source or not self.children:
            await self.update(whole)

    async def _flush(self) -> None:
        text = "".join(self._waiting)
        self._waiting.clear()
        await self.append(text)
        self._timer = None
        if self._waiting:
            self._timer = self.set_timer(FLUSH_SECONDS, self._flush)

    def _cancel(self) -> None:
        self._waiting.clear()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @on(Markdown.LinkClicked)
    def _name_link(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        self.app.copy_to_clipboard(event.href)
        self.notify(printable(event.href), title="Link copied, not opened", markup=False)
