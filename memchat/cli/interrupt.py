"""Ctrl+C as a request to stop, instead of an exception in the middle of something."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from memchat.engine.protocol import CancelToken


@contextmanager
def cancel_on_interrupt() -> Iterator[CancelToken]:
    """A token that the first Ctrl+C cancels; the second raises KeyboardInterrupt.

    Outside the main thread, where signals cannot be handled, nobody cancels the token.
    """
    token = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield token
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    previous = signal.signal(signal.SIGINT, interrupt)
    try:
        yield token
    finally:
        signal.signal(signal.SIGINT, previous)
