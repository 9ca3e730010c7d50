"""memchat train: teach the agents. Everything heavy is in the training package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memchat.cli.choices import choice
from memchat.cli.output import note, say

_STOPPED = 130


def train(  # noqa: PLR0913, PLR0917 (each parameter is an option)
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="synthetic, locomo, longmemeval, msc, or a file; can be repeated.",
        ),
    ] = None,
    agent: Annotated[str, typer.Option(help="manager, extractor, answer or both.")] = "both",
    algo: Annotated[str, typer.Option(help="How it learns: sft, grpo or ppo.")] = "sft",
    base: Annotated[
        str, typer.Option(metavar="MODEL", help="A GGUF file, a Transformers folder, a hub name.")
    ] = "",
    backend: Annotated[str, typer.Option(help="auto, unsloth or trl.")] = "auto",
    recipe: Annotated[
        Path | None, typer.Option(metavar="NAME|FILE", help="Instead of the agent's own.")
    ] = None,
    start: Annotated[
        str,
        typer.Option(
            metavar="ADAPTERS",
            help="Instead of SFT: `shipped`, or runs and GGUF files joined by `+`.",
        ),
    ] = "",
    samples: Annotated[int, typer.Option(min=0, help="SFT: how many to train on.")] = 0,
    steps: Annotated[int, typer.Option(min=0, help="Optimiser steps.")] = 0,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Runs go into folders below this one.")
    ] = Path("runs"),
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Make the result a model for `models use`.")
    ] = "",
    validation: Annotated[
        bool,
        typer.Option(
            "--validation/--no-validation",
            help="Ask LoCoMo's validation questions between the stages, where the data has them.",
        ),
    ] = True,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that stopped.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, train nothing.")
    ] = False,
) -> None:
    """Train adapters and export them as GGUF files that memchat loads.

    SFT learns from samples. GRPO and PPO learn from what comes of a reply: whether the question
    about it is answered right. They warm up by SFT, or start from given adapters.

    Ctrl+C stops after the step under way, with a checkpoint; --resume goes on from there.
    """
    from training.backends import Backend
    from training.plan import Algorithm, Options, Who, make_pipeline
    from training.register import check_name

    options = Options(
        out=out,
        agent=choice(Who, agent, "--agent"),
        algorithm=choice(Algorithm, algo, "--algo"),
        data=tuple(data or ()),
        base=base,
        recipe=recipe,
        steps=steps,
        samples=samples,
        start=start,
        backend=choice(Backend, backend, "--backend"),
        validate=validation and not dry_run,
    )
    if name:
        check_name(name)
    pipeline = make_pipeline(options)
    if dry_run:
        for stage in pipeline.stages:
            say(f"{stage.name}: {stage.describe()}")
        return
    if not pipeline.run(resume=resume):
        raise typer.Exit(_STOPPED)
    for path in pipeline.frozen().values():
        say(str(path))
    if name:
        path = pipeline.register(name)
        note(f"Wrote {path}. Chat with it: memchat models use {name}")
