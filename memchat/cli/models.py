"""memchat models: which there are, which is used. Fetching is in pull.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memchat import config_file
from memchat.cli import pull, session
from memchat.cli.confirm import require_yes
from memchat.cli.options import Json, Yes
from memchat.cli.output import emit_json, emit_rows, note, say
from memchat.cli.views import Json as JsonObject
from memchat.config import load_settings
from memchat.errors import ModelError, NotFoundError, UsageError
from memchat.sizes import size_text
from memchat.weights import inventory
from memchat.weights.catalogue import DownloadableWeights
from memchat.weights.discover import find_model
from memchat.weights.files import sha256_of
from memchat.weights.inventory import Availability, ModelEntry

app = typer.Typer(help="Choose the language model, fetch better ones.", no_args_is_help=True)

EMBEDDED = "embedded"
_GGUF_MAGIC = b"GGUF"

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `models list` shows it.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List the models: those on this machine and those that can be fetched."""
    used = _used()
    entries = inventory.entries()
    if json:
        emit_json([_as_json(entry, used) for entry in entries])
        return
    rows = [_row(entry, used) for entry in entries]
    emit_rows(("", "name", "size", "memory", "licence", "where", ""), rows)
    if used not in {entry.path for entry in entries}:
        note(f"In use: {used or load_settings().model + ' (which is not there)'}")


app.command()(pull.pull)


@app.command()
def use(
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH", help="A model of the list, a GGUF file, or `embedded`."
        ),
    ],
) -> None:
    """Choose the model for every chat from now on."""
    if model == EMBEDDED:
        config_file.unset_key("model")
        say(f"From now on: {find_model('').stem}, the embedded model")
        return
    path = find_model(model)
    _require_gguf(path)
    given = Path(model).expanduser()
    config_file.set_key("model", str(path) if given.is_file() else model.lower())
    say(f"From now on: {path.stem}")


@app.command()
def rm(name: Name, yes: Yes = False) -> None:
    """Delete a model's file, or what has come of it so far."""
    entry = inventory.find_entry(name)
    if entry.availability is Availability.ABSENT:
        raise NotFoundError(f"{entry.name} is not on this machine.")
    if entry.path == _used() and entry.availability is not Availability.EMBEDDED:
        raise UsageError(
            f"{entry.name} is the model in use.", "Choose another: memchat models use embedded"
        )
    require_yes(
        "Delete it?",
        f"{entry.path} ({size_text(entry.here)})",
        yes=yes or entry.availability is Availability.EMBEDDED,  # that is refused anyway
        otherwise="Nothing was deleted.",
    )
    inventory.remove(entry)
    say(f"Deleted {entry.name} ({size_text(entry.here)}).")


@app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Only this one; all without it.")
    ] = None,
) -> None:
    """Check that the models are, byte for byte, what the catalogue pins."""
    entries = [inventory.find_entry(name)] if name else inventory.entries()
    checked = [entry for entry in entries if entry.availability in _READABLE]
    if name and not checked:
        raise NotFoundError(f"{entries[0].name} is not on this machine.")
    wrong = [entry for entry in checked if not _verify(entry)]
    if wrong:
        raise typer.Exit(1)


_READABLE = {Availability.EMBEDDED, Availability.HERE}


def _verify(entry: ModelEntry) -> bool:
    if not entry.sha256:
        say(f"? {entry.name}: not from the catalogue, nothing to compare it with")
        return True
    if sha256_of(entry.path) == entry.sha256:
        say(f"✓ {entry.name}")
        return True
    say(f"✗ {entry.name}: {entry.path} is not the file that the catalogue pins", style="red")
    note(f"Fetch it again: memchat models rm {entry.name} && memchat models pull {entry.name}")
    return False


def _require_gguf(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(_GGUF_MAGIC)) == _GGUF_MAGIC:
            return
    raise ModelError(f"{path} is no GGUF file.", "Models for memchat are files that end in .gguf.")


def _used() -> Path | None:
    """The file of the model in use; None when it is not there."""
    try:
        return find_model(session.settings_with().model)
    except ModelError:
        return None


def _row(entry: ModelEntry, used: Path | None) -> tuple[str, ...]:
    pin = entry.pin
    download = pin if isinstance(pin, DownloadableWeights) else None
    return (
        "*" if entry.path == used else "",
        entry.name,
        size_text(entry.bytes),
        size_text(download.memory) if download else "",
        pin.licence if pin else "",
        _where(entry),
        download.note if download else "",
    )


def _where(entry: ModelEntry) -> str:
    if entry.availability is Availability.PARTIAL:
        return f"{100 * entry.here // entry.bytes} % here"
    return "" if entry.availability is Availability.ABSENT else entry.availability.value


def _as_json(entry: ModelEntry, used: Path | None) -> JsonObject:
    pin = entry.pin
    download = pin if isinstance(pin, DownloadableWeights) else None
    return {
        "name": entry.name,
        "in_use": entry.path == used,
        "availability": entry.availability.value,
        "path": str(entry.path),
        "bytes": entry.bytes,
        "bytes_here": entry.here,
        "sha256": entry.sha256 or None,
        "licence": pin.licence if pin else None,
        "memory_bytes": download.memory if download else None,
        "context_tokens": download.context_tokens if download else None,
        "url": download.url if download else None,
        "note": download.note if download else None,
    }
