"""What a training run shows, writes down and obeys while it goes on."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback

from memchat.cli.output import console, note
from training.files import append_json

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

Metrics = dict[str, float]
Validate = Callable[[], Metrics]

_LINE_EVERY = 10
"""Steps between two lines where there is no terminal."""


class Recorder(TrainerCallback):
    """Appends each step's metrics, and each validation's, to a JSONL file and shows them.

    `tokens` gives the tokens trained on so far. Validation runs every `validation_steps`, and
    after the last step; 0 for never.
    """

    def __init__(
        self,
        path: Path,
        show: Callable[[int, Metrics], None],
        tokens: Callable[[], int],
        validate: Validate,
        validation_steps: int,
    ) -> None:
        self._path, self._show, self._tokens = path, show, tokens
        self._validate, self._validation_steps = validate, validation_steps
        self._last = (time.perf_counter(), 0)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if not logs or "loss" not in logs:
            return
        metrics = {key: float(logs[key]) for key in ("loss", "grad_norm", "learning_rate")}
        metrics["tokens_per_second"] = round(self._speed(), 1)
        self._write(state.global_step, metrics)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        due = self._validation_steps and state.global_step % self._validation_steps == 0
        if due or (self._validation_steps and state.global_step == state.max_steps):
            then, tokens = self._last
            started = time.perf_counter()
            self._write(state.global_step, self._validate())
            self._last = (then + time.perf_counter() - started, tokens)

    def _speed(self) -> float:
        now, tokens = time.perf_counter(), self._tokens()
        (then, before), self._last = self._last, (now, tokens)
        return (tokens - before) / (now - then)

    def _write(self, step: int, metrics: Metrics) -> None:
        append_json(self._path, {"step": step, "time": round(time.time(), 1), **metrics})
        self._show(step, metrics)


class StopOnInterrupt(TrainerCallback):
    """Ctrl+C ends the run after the step under way, with a checkpoint; a second one at once."""

    def __init__(self) -> None:
        self.stopped = False
        self._before: Any = None

    def on_train_begin(self, *_arguments: Any, **_: Any) -> None:
        self._before = signal.signal(signal.SIGINT, self._interrupt)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self.stopped:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, *_arguments: Any, **_: Any) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        note("Stopping after this step; once more to stop at once.")


@contextmanager
def show_training(stage: str, steps: int) -> Iterator[Callable[[int, Metrics], None]]:
    """A function that shows a step's metrics: a bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield lambda step, metrics: _line(stage, steps, step, metrics)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[metrics]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stderr=True)) as bars:
        task = bars.add_task(stage, total=steps, metrics="")

        def show(step: int, metrics: Metrics) -> None:
            if "tokens_per_second" in metrics:
                bars.update(task, completed=step, metrics=_summary(metrics))
            else:
                bars.console.print(f"step {step}: {_summary(metrics)}")

        yield show


def _line(stage: str, steps: int, step: int, metrics: Metrics) -> None:
    if step % _LINE_EVERY == 0 or step == steps or "tokens_per_second" not in metrics:
        note(f"{stage}: step {step} of {steps}, {_summary(metrics)}")


def _summary(metrics: Metrics) -> str:
    if "tokens_per_second" in metrics:
        return f"loss {metrics['loss']:.3f}, {metrics['tokens_per_second']:.0f} tokens/s"
    return ", ".join(f"{key} {value:.3f}" for key, value in metrics.items())
