"""The two themes of our own; Textual's are there as well."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="memchat-dark",
    dark=True,
    primary="#7fa6d6",
    secondary="#8aa0b8",
    accent="#d6a86a",
    foreground="#d6dae1",
    background="#15171c",
    surface="#1a1d23",
    panel="#232730",
    success="#93b97a",
    warning="#dcb56c",
    error="#d98080",
)
LIGHT = Theme(
    name="memchat-light",
    dark=False,
    primary="#2f5f9e",
    secondary="#5b7085",
    accent="#96620f",
    foreground="#23272e",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e6e3db",
    success="#3f6f2a",
    warning="#8a5a00",
    error="#a83232",
)
