"""A question before something that cannot be taken back."""

from __future__ import annotations

import sys

import typer

from memchat.cli.output import note
from memchat.errors import UsageError
from memchat.text import printable


def require_yes(question: str, about: str, *, yes: bool, otherwise: str) -> None:
    """Show what it is `about` and ask; return when the answer is yes, or `yes` was given.

    Ends the command with exit code 1 and the note `otherwise` on a no. Raises UsageError where
    nobody can answer.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("This has to be confirmed.", "Add --yes to do it unasked.")
    note(printable(about))
    if not typer.confirm(question, err=True):
        note(otherwise)
        raise typer.Exit(1)
