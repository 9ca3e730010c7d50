"""Sizes in words, in the decimal units of download pages."""

from __future__ import annotations

MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000


def size_text(size: float) -> str:
    """`98 MB`, `2.5 GB`."""
    if size < GIGABYTE:
        return f"{size / MEGABYTE:.0f} MB"
    return f"{size / GIGABYTE:.1f} GB"
