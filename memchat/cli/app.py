"""The root command: chat, unless a command is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from memchat import __version__, paths
from memchat.cli import (
    ask,
    chats,
    doctor,
    evaluate,
    export,
    ingest,
    locations,
    logs,
    memory,
    models,
    settings,
    train,
)
from memchat.cli.options import Incognito, Model
from memchat.cli.output import note
from memchat.errors import UsageError

app = typer.Typer(
    name="memchat",
    help="A chat assistant that remembers, wholly on your machine.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ask")(ask.ask)
app.command("ingest")(ingest.ingest)
app.command("paths")(locations.paths)
app.command("doctor")(doctor.doctor)
app.command("eval")(evaluate.evaluate)
app.command("train")(train.train)
app.command("export")(export.export)
app.add_typer(memory.app, name="memory")
app.add_typer(chats.app, name="chats")
app.add_typer(models.app, name="models")
app.add_typer(settings.app, name="config")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"memchat {__version__}")
        raise typer.Exit


@contextmanager
def _profile(name: str) -> Iterator[None]:
    """In use for this command and the processes it starts."""
    before = os.environ.get(paths.PROFILE, "")
    os.environ[paths.PROFILE] = name
    try:
        if paths.profile() and not paths.data_dir().exists():
            note(f"The profile {name} is new: it has no chats and no memories.")
        yield
    finally:
        os.environ[paths.PROFILE] = before


@app.callback(invoke_without_command=True)
def root(  # noqa: PLR0913, PLR0917 (each parameter is an option)
    context: typer.Context,
    model: Model = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Line by line, without a full-screen display.")
    ] = False,
    resume_latest: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the latest chat.")
    ] = False,
    resume: Annotated[
        int | None, typer.Option("--resume", metavar="ID", help="Go on with this chat.")
    ] = None,
    incognito: Incognito = False,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="NAME",
            envvar=paths.PROFILE,
            help="Chats and memories of their own under this name.",
        ),
    ] = "",
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A chat assistant that remembers, wholly on your machine."""
    context.with_resource(_profile(profile))
    logs.configure()
    context.obj = model
    if context.invoked_subcommand is None:
        from memchat.cli import chat

        chat.open_chat(chat.Start(model, plain, resume_latest, resume, incognito))
    elif plain or resume_latest or incognito or resume is not None:
        raise UsageError(
            "--plain, --continue, --resume and --incognito are for chatting, without a command.",
            "`memchat ask` has an --incognito of its own.",
        )
