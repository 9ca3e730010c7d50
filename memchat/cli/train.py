"""memchat train: teach the agents. Everything heavy is in the training package."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from memchat.cli.choices import choice
from memchat.cli.output import say
from memchat.errors import UsageError

RECIPES = {"manager": "sft-memory", "answer": "sft-answer"}
_STOPPED = 130


class Agent(StrEnum):
    """Which agent learns."""

    MANAGER = "manager"
    ANSWER = "answer"
    BOTH = "both"


class Algorithm(StrEnum):
    """How it learns."""

    SFT = "sft"


def train(  # noqa: PLR0913, PLR0917 (each parameter is an option)
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="synthetic, or LoCoMo's file; repeat to mix."),
    ] = None,
    agent: Annotated[Agent, typer.Option(help="The agent to train.")] = Agent.BOTH,
    algo: Annotated[str, typer.Option(help="How it learns: sft.")] = Algorithm.SFT,
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A GGUF file, a Transformers folder, or a hub name."),
    ] = None,
    backend: Annotated[str, typer.Option(help="auto, unsloth or trl.")] = "auto",
    recipe: Annotated[
        Path | None, typer.Option(metavar="NAME|FILE", help="Instead of the agent's own.")
    ] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="How many to train on.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps.")] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Runs go into folders below this one.")
    ] = Path("runs"),
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that stopped.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, train nothing.")
    ] = False,
) -> None:
    """Train adapters and export them as GGUF files that memchat loads.

    Ctrl+C stops after the step under way, with a checkpoint; --resume goes on from there.
    """
    from training import sft
    from training.backends import Backend
    from training.recipe import SftRecipe, load_recipe

    choice(Algorithm, algo, "--algo")
    if recipe and agent is Agent.BOTH:
        raise UsageError("A recipe is for one agent.", "Add --agent manager or --agent answer.")
    for each in RECIPES if agent is Agent.BOTH else [agent.value]:
        name = recipe or Path(RECIPES[each])
        found = load_recipe(name, SftRecipe)
        chosen = replace(
            found,
            data=tuple(data or found.data),
            base=base or found.base,
            samples=samples or found.samples,
            steps=steps or found.steps,
        )
        if dry_run:
            say(sft.describe(chosen))
            continue
        gguf = sft.train(
            chosen, out / name.stem, backend=choice(Backend, backend, "--backend"), resume=resume
        )
        if gguf is None:
            raise typer.Exit(_STOPPED)
        say(str(gguf))
