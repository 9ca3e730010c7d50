"""The word lists of `words/*.txt`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def word_lists() -> dict[str, tuple[str, ...]]:
    """The lists of `words/*.txt` by name: `= name`, then items separated by commas."""
    lists: dict[str, tuple[str, ...]] = {}
    for file in sorted((files(__package__) / "words").iterdir(), key=lambda file: file.name):
        for block in file.read_text(encoding="utf-8").split("\n= "):
            name, _, items = block.removeprefix("= ").partition("\n")
            words = (" ".join(item.split()) for item in items.replace("\n", ",").split(","))
            lists[name.strip()] = tuple(word for word in words if word)
    return lists
