"""memchat doctor: is everything in place?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from memchat.cli import session
from memchat.cli.options import Json, Model
from memchat.cli.output import emit_json, note, say
from memchat.doctor.examination import Check, examine
from memchat.doctor.findings import Status

_MARKS = {
    Status.OK: ("✓", "green"),
    Status.WARNING: ("!", "yellow"),
    Status.FAILED: ("✗", "red"),
}


def doctor(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Load the models as well.")] = False,
    model: Model = None,
    json: Json = False,
) -> None:
    """Check that everything memchat needs is in place, and say what to do where it is not."""
    done: list[Check] = []
    for check in examine(
        lambda: session.settings_with(model or context.obj), session.open_engine, full=full
    ):
        done.append(check)
        if not json:
            _print(check)
    if json:
        emit_json([{"name": check.name} | asdict(check.finding) for check in done])
    elif not full:
        note("To load the models too: memchat doctor --full")
    if any(check.finding.status is Status.FAILED for check in done):
        raise typer.Exit(1)


def _print(check: Check) -> None:
    mark, style = _MARKS[check.finding.status]
    say(f"{mark} {check.name}: {check.finding.detail}", style="" if mark == "✓" else style)
    if check.finding.status is not Status.OK:
        say(f"  {check.finding.fix}")
