"""Seconds spent per stage of a turn."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Timings(defaultdict[str, float]):
    """Seconds by stage, accumulated over turns."""

    def __init__(self) -> None:
        super().__init__(float)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self[stage] += time.perf_counter() - started
