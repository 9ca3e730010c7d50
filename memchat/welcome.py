"""What a first run is told: where the data is, and that a better model is a command away."""

from __future__ import annotations

from memchat import machine, paths
from memchat.sizes import size_text
from memchat.weights.catalogue import catalogue


def welcome_lines(model: str) -> list[str]:
    """One line each; `model` is the setting, whose owner needs no recommendation."""
    lines = [f"Everything stays on this machine, in {paths.data_dir()}."]
    memory = machine.physical_memory()
    better = catalogue().recommended(memory) if memory and not model else None
    if better:
        lines.append(
            f"A better model for this machine: memchat models pull --use "
            f"({better.name}, {size_text(better.bytes)}, {better.licence})"
        )
    return lines
