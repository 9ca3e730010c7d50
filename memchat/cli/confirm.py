"""A question before something that cannot be taken back."""

from __future__ import annotations

import sys

import typer

from memchat.cli.output import note
from memchat.errors import UsageError
from memchat.text import printable


def confirmed(question: str, about: str, *, instead: str) -> bool:
    """Show what it is `about`, ask, and say whether the answer is yes.

    Raises UsageError, with what to do `instead`, where nobody can answer.
    """
    if not sys.stdin.isatty():
        raise UsageError("This has to be confirmed.", instead)
    note(printable(about))
    return typer.confirm(question, err=True)


def require_yes(question: str, about: str, *, yes: bool, otherwise: str) -> None:
    """Return when the answer is yes, or `yes` was given on the command line.

    Ends the command with exit code 1 and the note `otherwise` on a no.
    """
    if yes or confirmed(question, about, instead="Add --yes to do it unasked."):
        return
    note(otherwise)
    raise typer.Exit(1)
