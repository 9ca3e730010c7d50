"""What the screen remembers from one run to the next: theme and pane. Not worth a complaint."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from memchat import paths

PANE_WIDTH = 38
MIN_PANE_WIDTH = 24
MAX_PANE_WIDTH = 80


def path() -> Path:
    return paths.data_dir() / "screen.json"


@dataclass
class Preferences:
    """The defaults are what a first run gets."""

    theme: str = "memchat-dark"
    pane_width: int = PANE_WIDTH
    pane_hidden: bool = False
    kept: bool = True
    """Whether changes are written down; incognito writes nothing."""

    @classmethod
    def load(cls) -> Self:
        """What was saved; a file that is missing or not understood gives the defaults."""
        try:
            saved = json.loads(path().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls()
        known = cls()
        if isinstance(saved, dict):
            saved.pop("kept", None)
        for field in fields(cls):
            value = saved.get(field.name) if isinstance(saved, dict) else None
            if type(value) is type(getattr(known, field.name)):
                setattr(known, field.name, value)
        known.resize(0)
        return known

    def save(self) -> None:
        """Write them down. A disk that refuses is no reason to bother anyone."""
        if not self.kept:
            return
        saved = {key: value for key, value in asdict(self).items() if key != "kept"}
        with suppress(OSError):
            path().write_text(json.dumps(saved), encoding="utf-8")

    def resize(self, columns: int) -> None:
        """Make the pane that much wider, within reason."""
        self.pane_width = max(MIN_PANE_WIDTH, min(MAX_PANE_WIDTH, self.pane_width + columns))
