"""What this machine has: memory and disk, in bytes."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path


def physical_memory() -> int | None:
    """All memory there is, where the system says so."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def available_memory() -> int | None:
    """What can be used without swapping; all there is on systems that do not tell."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return physical_memory()
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def free_disk(path: Path) -> tuple[int, Path]:
    """Free bytes where `path` is or would be, and the nearest directory that exists."""
    place = next(each for each in (path, *path.parents) if each.exists())
    return shutil.disk_usage(place).free, place
