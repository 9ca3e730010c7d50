"""memchat paths"""

from __future__ import annotations

from memchat import paths as locations
from memchat.cli.options import Json
from memchat.cli.output import emit_json, emit_rows


def paths(json: Json = False) -> None:
    """Show where memchat keeps its files."""
    found = {name: str(path) for name, path in locations.everything().items()}
    if json:
        emit_json(found)
    else:
        emit_rows(("what", "where"), found.items())
