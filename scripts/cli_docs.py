"""Writes docs/cli.md from the commands themselves: `just docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from memchat.cli.app import app
from memchat.commands import COMMANDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
HEADER = """\
# The command line

Written by `just docs` from the commands themselves; `memchat COMMAND --help` says the same.

Answers go to stdout, everything else to stderr. `--json` is for programs. Exit codes: 0, 1 failed,
2 wrong usage, 130 interrupted. `MEMCHAT_HOME` puts all files below one directory, `MEMCHAT_DEBUG=1`
shows where an unexpected error came from, `NO_COLOR` does what it does everywhere.
"""


def page() -> str:
    """The whole page, as Markdown."""
    root = typer.main.get_command(app)
    return "\n".join([HEADER, *_command(root, "memchat", None), *_slash_commands()])


def _command(command: Any, path: str, parent: typer.Context | None) -> Iterator[str]:  # noqa: ANN401
    context = typer.Context(command, info_name=path.rsplit(maxsplit=1)[-1], parent=parent)
    yield f"{'#' * max(2, len(path.split()))} {path}\n"
    yield f"{command.help.strip()}\n"
    yield f"```\n{_usage(command, path, context)}\n```\n"
    rows = [_parameter(each, context) for each in command.params]
    if rows:
        yield "\n".join(rows) + "\n"
    for name, each in getattr(command, "commands", {}).items():
        yield from _command(each, f"{path} {name}", context)


def _slash_commands() -> Iterator[str]:
    yield "## While chatting\n"
    yield "A line that starts with `/` is a command; `//` at the start sends a plain `/`.\n"
    for command in COMMANDS:
        key = f" Key: `{command.key}`." if command.key else ""
        stop = "" if command.summary.endswith("…") else "."
        yield f"- `{command.usage}`: {command.summary}{stop}{key}"
    yield ""


def _usage(command: Any, path: str, context: typer.Context) -> str:  # noqa: ANN401
    parts = [path]
    if any(each.param_type_name == "option" for each in command.params):
        parts.append("[OPTIONS]")
    for each in command.params:
        if each.param_type_name == "argument":
            name = _kind(each, context)
            parts.append(name if each.required else f"[{name}]")
    if getattr(command, "commands", {}):
        parts.append("[COMMAND]" if command.invoke_without_command else "COMMAND")
    return " ".join(parts)


def _parameter(parameter: Any, context: typer.Context) -> str:  # noqa: ANN401
    """A list item: how it is written, what it is, its default."""
    kind = _kind(parameter, context)
    if parameter.param_type_name == "argument":
        written = kind
    else:
        names = ", ".join([*parameter.opts, *parameter.secondary_opts])
        written = names if parameter.is_flag else f"{names} {kind}"
    return f"- `{written}`: {parameter.help}{_default(parameter)}{_environment(parameter)}"


def _kind(parameter: Any, context: typer.Context) -> str:  # noqa: ANN401
    """`NAME`, or the words that may be chosen from."""
    return str(parameter.metavar or parameter.display_type(context).strip("<>"))


def _default(parameter: Any) -> str:  # noqa: ANN401
    default = parameter.default
    unset = default is None or default == "" or isinstance(default, bool)
    return "" if unset else f" Default: `{getattr(default, 'value', default)}`."


def _environment(parameter: Any) -> str:  # noqa: ANN401
    return f" Or `{parameter.envvar}` in the environment." if parameter.envvar else ""


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"Written: {PAGE}\n")
