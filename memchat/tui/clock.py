"""The time, as something that tests can set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The current time in the machine's own zone."""
    return datetime.now().astimezone()
