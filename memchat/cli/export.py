"""memchat export: trained weights as GGUF files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memchat.cli.choices import choice
from memchat.cli.output import say


def export(
    run: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A training run, or a PEFT adapter.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; default beside the adapter.")
    ] = None,
    merge: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="A whole model: f16, q8_0, q4_0 or q4_k_m."),
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="MODEL", help="What it was trained on, if not in the run.")
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="memory or answer, if it is not in the run.")
    ] = None,
) -> None:
    """Write a LoRA adapter for llama.cpp, or the base model with the adapter worked in."""
    from memchat.engine.protocol import Role
    from training.export import Quantisation, export_adapter, export_merged
    from training.runs import Trained

    agent = choice(Role, role, "--role") if role else None
    trained = Trained.find(run, base, agent)
    if merge is None:
        target = out or run / f"{trained.role}.gguf"
        say(str(export_adapter(trained.adapter, trained.base, target, trained.role)))
        return
    quantisation = choice(Quantisation, merge, "--merge")
    target = out or run / f"{trained.base.name}-{trained.role}.{quantisation}.gguf"
    say(str(export_merged(trained.adapter, trained.base, target, quantisation)))
