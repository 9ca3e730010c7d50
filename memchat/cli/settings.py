"""memchat config: what is set, and where each value comes from."""

from __future__ import annotations

import tomllib
from typing import Annotated

import typer

from memchat import config_file, paths
from memchat.cli.options import Json
from memchat.cli.output import emit_json, emit_rows, note, say
from memchat.config import SETTINGS, check_settings, line_of, read_settings
from memchat.errors import UsageError
from memchat.text import valid_unicode

app = typer.Typer(help="Show the settings, or change one.")

Key = Annotated[str, typer.Argument(metavar="KEY", help=f"One of: {', '.join(SETTINGS)}.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context, json: Json = False) -> None:
    """Show the settings and where each comes from, or change one."""
    if context.invoked_subcommand is not None:
        return
    file = paths.config_file()
    text = read_settings(file)
    settings = check_settings(text, file)
    lines = {key: line_of(key, text) for key in tomllib.loads(text)}
    values = {key: getattr(settings, key) for key in SETTINGS}
    if json:
        emit_json(
            {
                key: {"value": value, "default": SETTINGS[key].default, "line": lines.get(key)}
                for key, value in values.items()
            }
        )
        return
    sources = {key: f"line {line}" for key, line in lines.items()}
    emit_rows(
        ("setting", "value", "from"),
        [(key, _shown(value), sources.get(key, "default")) for key, value in values.items()],
    )
    note(f"The file is {file}{'' if text else ' (empty or not there)'}.")


@app.command()
def path() -> None:
    """Print the path of the config file."""
    say(str(paths.config_file()))


@app.command("set")
def set_(
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", parser=valid_unicode, help="New value.")],
) -> None:
    """Set a value in the config file; comments and the rest of it stay as they are."""
    parsed = config_file.parse_value(key, value)
    config_file.set_key(key, parsed)
    say(f"{key} = {_shown(parsed)}")


@app.command()
def unset(
    key: Annotated[str, typer.Argument(metavar="KEY", help="As it is in the file.")],
) -> None:
    """Take a value out of the config file, which goes back to its default."""
    if not config_file.unset_key(key):
        raise UsageError(f"{key} is not set in {paths.config_file()}.")
    default = SETTINGS[key].default if key in SETTINGS else None
    say(f"{key} is taken out." if default is None else f"{key} = {_shown(default)} (default)")


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
