"""Progress of long work: a bar on a terminal, a line now and then in a pipe. On stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from memchat.cli.output import console, note
from memchat.text import single_line

LINE_EVERY = 10
"""Steps between two lines in a pipe."""
_TITLE_WIDTH = 30

Progress = Callable[[str, int, int], None]
"""Called with a title, the steps done, and the steps in all."""


@contextmanager
def show_progress() -> Iterator[Progress]:
    if sys.stderr.isatty():
        with _bar() as progress:
            yield progress
    else:
        yield _line


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich import progress as rich

    title = rich.TextColumn("{task.description}", markup=False)
    columns = (title, rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeRemainingColumn())
    with rich.Progress(*columns, console=console(stderr=True)) as bars:
        tasks: dict[str, rich.TaskID] = {}

        def show(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(single_line(title, _TITLE_WIDTH), total=total)
            bars.update(tasks[title], completed=done)

        yield show


def _line(title: str, done: int, total: int) -> None:
    if done % LINE_EVERY == 0 or done == total:
        note(f"{title}: {done} of {total}")
