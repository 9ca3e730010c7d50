"""Model files on the disk: whole or in part, and what they contain."""

from __future__ import annotations

import hashlib
from pathlib import Path

from memchat.weights.catalogue import DownloadableWeights


def part_of(target: Path) -> Path:
    """Where a file is kept until it is whole."""
    return target.with_name(f"{target.name}.part")


def is_whole(path: Path, weights: DownloadableWeights) -> bool:
    """Whether the file has its full length; `sha256_of` says whether it is right."""
    return path.is_file() and path.stat().st_size == weights.bytes


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
