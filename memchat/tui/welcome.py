"""What an empty chat says: to a newcomer where the data lives, to others how to go on."""

from __future__ import annotations

from textual.content import Content

from memchat.bank.bank import Bank
from memchat.marks import MUTED
from memchat.text import printable


def welcome(bank: Bank, *, incognito: bool = False) -> Content:
    """A few lines; the longer ones only until the first message was sent."""
    if incognito:
        return _incognito()
    return _first() if not bank.chats(limit=1) else _again()


def _first() -> Content:
    from memchat.config import load_settings
    from memchat.welcome import welcome_lines

    lines = welcome_lines(load_settings().model)
    return Content.assemble(
        ("Hello. I remember what you tell me.\n\n", "bold"),
        ("Tell me about yourself, and watch the memory pane as I learn. ", ""),
        ("All of it can be corrected, pinned, undone or forgotten.\n\n", ""),
        (printable("".join(f"{line}\n" for line in lines)), MUTED),
        ("F1 helps with what has the focus, / lists the commands.", MUTED),
    )


def _incognito() -> Content:
    return Content.assemble(
        ("Incognito.\n\n", "bold"),
        ("I read no memories and no chats, and not a word of this is saved.\n", ""),
        ("It is gone when you leave.", MUTED),
    )


def _again() -> Content:
    return Content.assemble(
        ("A new chat. I remember the earlier ones.\n\n", "bold"),
        ("F3 lists them, /resume goes on with the last.", MUTED),
    )
