"""What a training run shows, writes down and obeys while it goes on."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback

from memchat.cli.output import console, note
from training.files import append_json

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

Metrics = dict[str, float]
Show = Callable[[int, Metrics], None]
"""Shows what a step came to."""
Validate = Callable[[], Metrics]

_SHOWN = ("reward", "kl", "degenerate", "loss")
_LINE_EVERY = 10
"""Steps between two lines where there is no terminal."""


class MetricsLog:
    """Appends metrics to a JSONL file and shows them. `tokens` counts those worked on so far."""

    def __init__(self, path: Path, show: Show, tokens: Callable[[], int]) -> None:
        self._path, self._show, self._tokens = path, show, tokens
        self._last = (time.perf_counter(), tokens())

    def step(self, step: int, metrics: Metrics) -> None:
        """What a step of training came to; the speed since the last one goes with it."""
        now, tokens = time.perf_counter(), self._tokens()
        (then, before), self._last = self._last, (now, tokens)
        speed = round((tokens - before) / (now - then), 1)
        self._write(step, {**metrics, "tokens_per_second": speed})

    def validation(self, step: int, validate: Validate) -> None:
        """Run `validate` and keep what it finds; its time and tokens are no step's."""
        started, before = time.perf_counter(), self._tokens()
        self._write(step, validate())
        then, tokens = self._last
        took, used = time.perf_counter() - started, self._tokens() - before
        self._last = (then + took, tokens + used)

    def _write(self, step: int, metrics: Metrics) -> None:
        append_json(self._path, {"step": step, "time": round(time.time(), 1), **metrics})
        self._show(step, metrics)


class Recorder(TrainerCallback):
    """Keeps each step's metrics, those of `keys` that the trainer logs, and each validation's.

    Validation runs every `validation_steps`, and after the last step; 0 for never.
    """

    keys: Sequence[str] = ("loss", "grad_norm", "learning_rate")

    def __init__(self, log: MetricsLog, validate: Validate, validation_steps: int) -> None:
        self._log = log
        self._validate, self._validation_steps = validate, validation_steps

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if logs and "loss" in logs:
            self._log.step(state.global_step, self.metrics(logs))

    def metrics(self, logs: Mapping[str, Any]) -> Metrics:
        """What to keep of a step's logs."""
        return {key: float(logs[key]) for key in self.keys if key in logs}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if validation_is_due(state.global_step, state.max_steps, self._validation_steps):
            self._log.validation(state.global_step, self._validate)


def validation_is_due(step: int, last: int, every: int) -> bool:
    """Whether to validate after `step`: every so many, and after the last one; 0 for never."""
    return bool(every) and (step % every == 0 or step == last)


class Interrupt:
    """Ctrl+C is noted, for the loop to end after the step under way; a second one ends at once."""

    def __init__(self) -> None:
        self.stopped = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        note("Stopping after this step; once more to stop at once.")


class StopOnInterrupt(TrainerCallback):
    """Ctrl+C ends the run after the step under way, with a checkpoint."""

    def __init__(self) -> None:
        self._interrupt = Interrupt()

    def on_train_begin(self, *_arguments: Any, **_: Any) -> None:
        self._interrupt.__enter__()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self._interrupt.stopped:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, *_arguments: Any, **_: Any) -> None:
        self._interrupt.__exit__()


@contextmanager
def show_training(stage: str, steps: int) -> Iterator[Show]:
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
        shown = [f"{key} {metrics[key]:.3f}" for key in _SHOWN if key in metrics]
        return ", ".join([*shown, f"{metrics['tokens_per_second']:.0f} tokens/s"])
    return ", ".join(f"{key} {value:.3f}" for key, value in metrics.items())
