"""From the bytes of tokens to whole characters, up to a stop string."""

from __future__ import annotations

import codecs


class TextStream:
    """Holds back what may still become part of a character or of a stop string."""

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False
        """A stop string came; nothing from it on is ever given out."""

    def feed(self, piece: bytes, *, final: bool = False) -> str:
        """The text that is certain after `piece`; with `final`, all of the rest."""
        if self.stopped:
            return ""
        text = self._held + self._decoder.decode(piece, final)
        end = self._find_stop(text)
        if end is not None:
            self.stopped, self._held = True, ""
            return text[:end]
        keep = 0 if final else self._partial_stop(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def _find_stop(self, text: str) -> int | None:
        places = [place for stop in self._stop if (place := text.find(stop)) >= 0]
        return min(places, default=None)

    def _partial_stop(self, text: str) -> int:
        """Characters at the end of `text` that begin a stop string."""
        lengths = (
            length
            for stop in self._stop
            for length in range(1, min(len(stop), len(text) + 1))
            if text.endswith(stop[:length])
        )
        return max(lengths, default=0)
