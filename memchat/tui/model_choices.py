"""The models to choose from, and what it takes to have the others."""

from __future__ import annotations

from memchat.tui.screens.pick import Choice


def model_choices() -> list[Choice]:
    """Those at hand first; the others say how to get them."""
    from memchat.sizes import size_text
    from memchat.weights.inventory import Availability, entries

    here: list[Choice] = []
    elsewhere: list[Choice] = []
    for entry in entries():
        size = size_text(entry.bytes)
        if entry.availability in (Availability.ABSENT, Availability.PARTIAL):
            note = f"{size} · memchat models pull {entry.name}"
            elsewhere.append(Choice(entry.name, entry.name, note))
        else:
            here.append(Choice(entry.name, entry.name, f"{size} · {entry.availability}"))
    return here + elsewhere
