"""The `memchat` command: run it, and turn whatever goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence

from memchat.errors import MemchatError

INTERRUPTED = 130


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Nothing but SystemExit is raised."""
    _prepare_streams()
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except MemchatError as error:
        return _report(error.message, error.hint, error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return 1
    except Exception as error:  # noqa: BLE001 (the last resort: nobody should meet a traceback)
        return _report_unexpected(error)
    return code


def _invoke(arguments: Sequence[str]) -> int:
    import typer

    from memchat.cli.app import app

    command: Callable[..., object] = typer.main.get_command(app)
    try:
        result = command(list(arguments), prog_name="memchat", standalone_mode=False)
    except typer.TyperException as error:
        if not error.format_message():
            return error.exit_code  # the help of a group without its command is printed already
        context = getattr(error, "ctx", None)
        hint = f"Try: {context.command_path} --help" if context else ""
        return _report(error.format_message(), hint, error.exit_code)
    except typer.Abort:
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _report(message: str, hint: str, code: int) -> int:
    from memchat.text import printable

    sys.stdout.flush()
    sys.stderr.write(f"memchat: {printable(message)}\n")
    for line in printable(hint).splitlines():
        sys.stderr.write(f"  {line}\n")
    if os.environ.get("MEMCHAT_DEBUG"):
        sys.stderr.write(printable(traceback.format_exc()))
    return code


def _report_unexpected(error: Exception) -> int:
    from memchat.cli import logs

    where = logs.record_crash()
    hint = f"The details are in {where}." if where else "Set MEMCHAT_DEBUG=1 to see the details."
    return _report(f"unexpected error: {type(error).__name__}: {error}", hint, 1)


def _prepare_streams() -> None:
    """A closed stream swallows; a terminal that cannot show a character shows a `?`."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
        elif hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="replace")


def _discard_stdout() -> None:
    """The reader is gone: Python must not try to flush to it on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
