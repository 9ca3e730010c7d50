"""Progress of long work: a bar on a terminal, a line now and then in a pipe. On stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from memchat.cli.output import console, note
from memchat.sizes import size_text
from memchat.text import single_line

LINE_EVERY = 10
"""Steps between two lines in a pipe."""
PERCENT_EVERY = 10
"""Of a download, between two lines in a pipe."""
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


@contextmanager
def show_bytes(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yields what to call with the bytes that are here."""
    if not sys.stderr.isatty():
        yield _ByteLines(title, total)
        return
    from rich import progress as rich

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=console(stderr=True)) as bars:
        task: rich.TaskID | None = None

        def show(here: int) -> None:
            nonlocal task
            if task is None:  # what was here before must not count as speed
                task = bars.add_task(single_line(title, _TITLE_WIDTH), total=total, completed=here)
            bars.update(task, completed=here)

        yield show


class _ByteLines:
    """A line at the start, at each tenth, and at the end."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total = title, total
        self._next = 0

    def __call__(self, here: int) -> None:
        percent = 100 * here // self._total
        if percent >= self._next:
            note(f"{self._title}: {size_text(here)} of {size_text(self._total)} ({percent} %)")
            self._next = percent - percent % PERCENT_EVERY + PERCENT_EVERY
