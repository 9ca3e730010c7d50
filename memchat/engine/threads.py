"""How many threads the models may use."""

from __future__ import annotations

import os


def default_threads() -> int:
    """Cores - 1, at least 1: on all of them, one other busy process stalls llama.cpp."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, cores - 1)
