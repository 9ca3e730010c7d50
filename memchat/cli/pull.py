"""memchat models pull: fetch a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memchat import config_file, machine, paths
from memchat.cli.confirm import require_yes
from memchat.cli.options import Yes
from memchat.cli.output import note, say
from memchat.cli.progress import show_bytes
from memchat.errors import NotFoundError, UsageError
from memchat.sizes import size_text
from memchat.weights.catalogue import DownloadableWeights, catalogue, nearest


def pull(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="From `models list`; one that fits, without it."),
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Use it from then on.")] = False,
    yes: Yes = False,
) -> None:
    """Fetch a model: resumed where it stopped, checked against its pinned SHA-256."""
    weights = _named(name) if name else _recommended(yes=yes)
    path = _fetch(weights)
    say(f"{weights.name} is here: {path}")
    if use:
        config_file.set_key("model", weights.name)
        say(f"From now on: {weights.name}")
    else:
        note(f"To use it from now on: memchat models use {weights.name}")


def _named(name: str) -> DownloadableWeights:
    weights = catalogue().download(name)
    if weights is not None:
        return weights
    if catalogue().model(name) is not None:
        raise UsageError(f"{name} is part of the program: there is nothing to fetch.")
    names = [each.name for each in catalogue().downloads]
    raise NotFoundError(f"The catalogue has no model {name!r}.", nearest(name, names))


def _recommended(*, yes: bool) -> DownloadableWeights:
    """What suits this machine, once the user agrees."""
    memory = machine.physical_memory()
    weights = catalogue().recommended(memory) if memory else None
    if weights is None:
        raise UsageError(
            "No model of the catalogue fits the memory of this machine"
            + (f" ({size_text(memory)})." if memory else ": the system does not tell its size."),
            "The embedded one runs anywhere. To have another all the same, name it.",
        )
    about = (
        f"{weights.name}: {size_text(weights.bytes)} to download, licence {weights.licence}, "
        f"{size_text(weights.memory)} of memory in use ({weights.note}).\n"
        f"Recommended for this machine, which has {size_text(memory or 0)}. "
        "`memchat models list` shows the others."
    )
    if yes:
        note(about)
    require_yes("Download it?", about, yes=yes, otherwise="Nothing was downloaded.")
    return weights


def _fetch(weights: DownloadableWeights) -> Path:
    from memchat.weights.download import download

    try:
        with show_bytes(weights.name, weights.bytes) as progress:
            return download(weights, paths.models_dir(), progress)
    except KeyboardInterrupt:
        note(f"Stopped. To go on from here: memchat models pull {weights.name}")
        raise
