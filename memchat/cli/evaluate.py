"""memchat eval: how well it remembers and answers, on data with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memchat.cli import session
from memchat.cli.choices import choice
from memchat.cli.evaluation_views import print_questions, print_scenarios
from memchat.cli.options import Model
from memchat.cli.output import note
from memchat.cli.progress import show_progress

if TYPE_CHECKING:
    from training.evaluate import Result


def evaluate(  # noqa: PLR0913, PLR0917 (each parameter is an option)
    context: typer.Context,
    data: Annotated[
        str, typer.Option(metavar="NAME|PATH", help="locomo, longmemeval, msc, or a file.")
    ],
    split: Annotated[
        str, typer.Option(help="Of LoCoMo, by conversation: all, train, val or test.")
    ] = "all",
    conversation: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this one; can be repeated.")
    ] = None,
    memory: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="managed, add-only, raw-turns, full-context or none; repeat to compare.",
        ),
    ] = None,
    adapters: Annotated[
        list[str] | None,
        typer.Option(metavar="SET", help="none, sft, or folders joined by +; repeat to compare."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, max=2.0, help="Of chat replies; 0 is greedy.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the whole result there.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the comparison into a PNG.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use no results of earlier runs.")] = False,
    model: Model = None,
) -> None:
    """Measure memory and answers on benchmark questions or scenarios.

    Interrupted, it goes on where it stopped when it is run again.
    """
    from training.data.load import load_data
    from training.data.locomo import Split
    from training.evaluate import Evaluation, to_json
    from training.evaluation.systems import MemoryKind, make_systems
    from training.files import write_json

    settings = session.settings_with(model or context.obj)
    if temperature is not None:
        settings = replace(settings, temperature=temperature)
    part = choice(Split, split, "--split")
    kinds = [choice(MemoryKind, kind, "--memory") for kind in memory or [MemoryKind.MANAGED]]
    loaded = load_data(data, split=part, conversations=conversation or ())
    systems = make_systems(kinds, adapters or [], settings)
    with show_progress() as progress:
        results = Evaluation(loaded, settings, progress, fresh).run(systems)
    show = print_scenarios if loaded.scenarios else print_questions
    show([(result.system.label, result.report, result.records) for result in results])
    if json_file:
        write_json(json_file, to_json(results, loaded, settings))
    if plot:
        _plot(results, plot)


def _plot(results: Sequence[Result], out: Path) -> None:
    from training.plots import plot_comparison

    measures = ("probe_rate", "bank_rate", "f1", "f1_official", "bleu1", "em")
    names = [name for name in measures if name in results[0].report]
    bars = {
        result.system.label: {name: result.report[name] or 0.0 for name in names}
        for result in results
    }
    if plot_comparison(bars, out) is None:
        note("No plot: matplotlib is not installed.")
