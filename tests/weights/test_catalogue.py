"""The catalogue that ships: every download is pinned, and one fits each machine."""

from __future__ import annotations

import re

import pytest

from memchat.weights.catalogue import DownloadableWeights, catalogue, nearest

GIBIBYTE = 1024**3
DOWNLOADS = catalogue().downloads


@pytest.mark.parametrize("weights", DOWNLOADS, ids=lambda weights: weights.name)
def test_a_download_is_pinned_by_commit_size_and_hash(weights: DownloadableWeights) -> None:
    assert re.fullmatch(
        r"https://huggingface\.co/[\w.-]+/[\w.-]+/resolve/[0-9a-f]{40}/[\w.-]+\.gguf", weights.url
    )
    assert re.fullmatch(r"[0-9a-f]{64}", weights.sha256)
    assert re.fullmatch(r"[\w.-]+\.gguf", weights.file)
    assert weights.bytes > 1_000_000_000
    assert weights.licence in {"Apache-2.0", "MIT"}


@pytest.mark.parametrize("weights", DOWNLOADS, ids=lambda weights: weights.name)
def test_more_memory_is_needed_than_the_file_has(weights: DownloadableWeights) -> None:
    assert weights.bytes + 1_000_000_000 < weights.memory < 2 * weights.bytes + 2_000_000_000
    assert weights.context_tokens >= 8192
    assert weights.note


def test_names_and_files_are_unique() -> None:
    known = catalogue()
    assert len(set(known.names)) == len(known.names)
    assert all(name == name.lower() for name in known.names)
    assert len({weights.file for weights in known.downloads}) == len(known.downloads)


@pytest.mark.parametrize(
    ("memory", "name"),
    [
        (2, None),
        (4, None),
        (6, "smollm3-3b"),
        (8, "qwen3-4b-instruct-2507"),
        (64, "qwen3-4b-instruct-2507"),
    ],
)
def test_the_best_that_fits_is_recommended(memory: int, name: str | None) -> None:
    """A machine sold with 8 GB reports a little less."""
    found = catalogue().recommended(int(memory * GIBIBYTE * 0.96))
    assert (found.name if found else None) == name


def test_a_name_in_any_case() -> None:
    assert catalogue().download("Qwen3-1.7B") is catalogue().downloads[0]


def test_the_nearest_name_is_suggested() -> None:
    assert nearest("qwen3-1.7", ["qwen3-1.7b", "smollm3-3b"]) == "Did you mean qwen3-1.7b?"
    assert nearest("zzz", ["a", "b"]) == "There are: a, b."
