"""memchat ingest: remember a conversation that was had elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memchat.cli import session
from memchat.cli.options import Json, Model
from memchat.cli.output import emit_json, note, plural, say
from memchat.cli.progress import show_progress
from memchat.ingest.formats import Format, read_conversations

if TYPE_CHECKING:
    from memchat.assistant import Assistant
    from memchat.cli.views import Json as JsonObject
    from memchat.ingest.run import Summary

_FILE_HELP = "LoCoMo samples, JSONL, or a ChatGPT export."


def ingest(  # noqa: PLR0913, PLR0917 (each parameter is an option)
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_FILE_HELP)],
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="NAME", help="Only the one so called.")
    ] = None,
    file_format: Annotated[
        Format, typer.Option("--format", help="What the file is.")
    ] = Format.AUTO,
    model: Model = None,
    json: Json = False,
) -> None:
    """Run a conversation through the Memory Manager, each turn at its own date.

    Interrupted, it goes on where it stopped when it is run again.
    """
    from memchat.cli.interrupt import cancel_on_interrupt
    from memchat.ingest.run import Ingestion

    conversations = read_conversations(file, file_format, conversation)
    with session.open_assistant(session.settings_with(model or context.obj)) as assistant:
        with cancel_on_interrupt() as cancel, show_progress() as progress:
            summary = Ingestion(assistant, progress, cancel).run(conversations)
        report = _report(summary, assistant)
    if json:
        emit_json(report)
    else:
        _print(report)
    for message_id, error in summary.failures:
        note(f"Message {message_id} failed: {error.message}")
    if summary.interrupted:
        note("Interrupted. Run the same command again to go on from here.")
        raise KeyboardInterrupt
    if summary.failures:
        note("Run the same command again to retry what failed.")
        raise typer.Exit(1)


def _report(summary: Summary, assistant: Assistant) -> JsonObject:
    return {
        "turns": summary.turns,
        "turns_finished_now": summary.finished_now,
        "turns_failed": len(summary.failures),
        "facts": summary.facts,
        "operations": dict(summary.operations),
        "corrections": dict(summary.corrections),
        "seconds": {stage: round(time, 2) for stage, time in sorted(assistant.timings.items())},
        "memories": {state.value: n for state, n in assistant.bank.counts().items()},
        "interrupted": summary.interrupted,
    }


def _print(report: JsonObject) -> None:
    now = report["turns_finished_now"]
    say(f"{plural(report['turns'], 'turn')}, {now} of them now, {plural(report['facts'], 'fact')}")
    for heading in ("operations", "corrections", "seconds", "memories"):
        counted = ", ".join(f"{name} {count}" for name, count in report[heading].items())
        say(f"{heading}: {counted or 'none'}")
