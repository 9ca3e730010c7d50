"""What came of a training: before and after, curves, and what it takes to do it again."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from memchat.cli.output import emit_rows, say
from training.files import read_jsonl, write_text
from training.runs import Run

_PACKAGES = ("memchat", "torch", "transformers", "trl", "peft", "llama-cpp-python", "unsloth")
_BARS = "▁▂▃▄▅▆▇█"
_CURVE_WIDTH = 40
_MEASURES = ("f1", "f1_official", "bleu1", "em")

Row = tuple[str, ...]


@dataclass(slots=True)
class Report:
    """Collects results as they come; `write` shows them and puts them into report.md."""

    folder: Path
    stages: list[Row] = field(default_factory=list)
    validations: list[Row] = field(default_factory=list)

    def add_stage(self, name: str, run: Run) -> None:
        """What a run's held-out tasks earned before and after, and its rewards as a curve."""
        rows = read_jsonl(run.metrics)
        held_out = values(rows, "held_out_reward") or values(rows, "held_out_exact")
        before, after = (f"{held_out[end]:.3f}" if held_out else "-" for end in (0, -1))
        learned = values(rows, "reward") or values(rows, "loss")
        self.stages.append((name, before, after, curve(learned)))

    def add_validation(self, name: str, report: Mapping[str, Any]) -> None:
        """A line of the table: each measure in per cent, with its interval."""
        cells = [_with_interval(report, measure) for measure in _MEASURES]
        self.validations.append((name, str(report["n"]), *cells))

    def write(self) -> None:
        stage_names = ("stage", "held out, before", "after", "reward")
        names = ("after stage", "questions", *_MEASURES)
        parts = ["# Training report", "", f"    {shlex.join(_command())}", ""]
        for headings, rows in ((stage_names, self.stages), (names, self.validations)):
            if rows:
                emit_rows(headings, rows)
                parts += [*_markdown(headings, rows), ""]
        parts += ["Each stage's folder holds its recipe.json, metrics.jsonl and curve.png.", ""]
        parts += [f"- {line}" for line in environment()]
        write_text(self.folder / "report.md", "\n".join(parts) + "\n")
        say(str(self.folder / "report.md"))


def curve(series: Sequence[float]) -> str:
    """A line of bars, each the mean of its part of the series."""
    if not series:
        return ""
    size = max(1, -(-len(series) // _CURVE_WIDTH))
    parts = [series[start : start + size] for start in range(0, len(series), size)]
    means = [sum(part) / len(part) for part in parts]
    low, span = min(means), max(means) - min(means)
    top = len(_BARS) - 1
    return "".join(_BARS[round((each - low) / span * top) if span else 0] for each in means)


def environment() -> list[str]:
    """Machine and versions."""
    found = [f"Python {platform.python_version()} on {platform.platform()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found


def values(rows: Sequence[Mapping[str, object]], key: str) -> list[float]:
    return [float(str(row[key])) for row in rows if key in row]


def _with_interval(report: Mapping[str, Any], measure: str) -> str:
    mean, interval = report[measure], report[f"{measure}_interval"]
    if mean is None:
        return "-"
    return f"{100 * mean:.1f} ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def _command() -> list[str]:
    return ["memchat", *sys.argv[1:]]


def _markdown(headings: Row, rows: Sequence[Row]) -> list[str]:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
