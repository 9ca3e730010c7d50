"""Everything that a command prints. Text is data: no markup, no control characters."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from memchat.text import printable


def console(*, stderr: bool = False) -> Console:
    """Colours on a terminal only, and never a meaning read into text."""
    file = sys.stderr if stderr else sys.stdout
    return Console(file=file, markup=False, emoji=False, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """A line of the answer, on stdout."""
    console().print(Text(printable(text), style=style))


def note(text: str, style: str = "") -> None:
    """A line about what is going on, on stderr."""
    console(stderr=True).print(Text(printable(text), style=style))


def emit_json(value: object) -> None:
    """One JSON value on stdout. It is pure ASCII, so nothing in it can act on a terminal."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def emit_rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns on a terminal; in a pipe one row a line, cells separated by tabs."""
    cells = [[printable(cell, multiline=False) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        sys.stdout.writelines("\t".join(row) + "\n" for row in cells)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(Text(heading), justify="right" if heading == "id" else "left")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table, soft_wrap=False)


def plural(number: int, one: str, many: str = "") -> str:
    """`1 memory`, `2 memories`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
