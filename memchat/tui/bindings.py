"""Bindings that the config file can change."""

from __future__ import annotations

from textual.binding import Binding

from memchat.keys import ACTIONS


def bound(name: str, action: str, label: str, *, tooltip: str, priority: bool = False) -> Binding:
    """The binding of a named action (see `memchat.keys`), with the keys it has by itself."""
    keys = ACTIONS[name].keys
    return Binding(keys, action, label, id=name, tooltip=tooltip, priority=priority)
