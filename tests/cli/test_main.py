"""The command as a whole: exit codes, streams, what it imports and how fast it is."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from memchat import __version__, paths
from memchat.cli import session
from memchat.cli.app import app
from tests.cli.conftest import Run

HEAVY = "torch transformers sentence_transformers llama_cpp textual numpy apsw"


def commands(group: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group below `group`, as arguments."""
    found = [path]
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*path, name))
    return found


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


def seconds(*arguments: str) -> float:
    """Processor time of a command, Python's start included; the best of three.

    On an idle machine that is its wall time too; on a busy one only this can be tested.
    """

    def once() -> float:
        before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        assert python("-m", "memchat", *arguments).returncode == 0
        return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before

    return min(once() for _ in range(3))


@pytest.mark.parametrize("path", commands(typer.main.get_command(app)), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    assert command.help
    assert all(getattr(each, "help", "-") for each in command.params)


def test_version_imports_nothing_heavy() -> None:
    code = (
        "import sys; from memchat.__main__ import run; assert run(['--version']) == 0;"
        f"print([name for name in '{HEAVY}'.split() if name in sys.modules])"
    )
    done = python("-c", code)
    assert done.stdout.splitlines() == [f"memchat {__version__}", "[]"], done.stderr


def test_version_is_quick() -> None:
    assert seconds("--version") < 0.2


@pytest.mark.parametrize("command", ["list", "history", "list --all --json"])
def test_commands_that_only_look_are_quick(command: str) -> None:
    assert seconds("memory", *command.split()) < 0.5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["memory", "show"], "Missing argument"),
        (["memory", "show", "one"], "Invalid value for 'ID'"),
        (["memory", "list", "--limit", "0"], "'--limit'"),
        (["--plain", "memory", "list"], "without a command"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    memchat: Run, arguments: list[str], complaint: str
) -> None:
    result = memchat(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("memchat: ")
    assert complaint in result.err.splitlines()[0]


def test_a_group_without_its_command_prints_its_help(memchat: Run) -> None:
    result = memchat("memory")
    assert result.code == 2
    assert "Usage: memchat memory" in result.out
    assert result.err == ""


def test_shells_can_complete_commands() -> None:
    asked = {"_MEMCHAT_COMPLETE": "complete_bash", "COMP_WORDS": "memchat me", "COMP_CWORD": "1"}
    assert python("-m", "memchat", **asked).stdout == "memory\n"


def test_an_error_has_its_hint_on_the_next_line(memchat: Run) -> None:
    paths.config_file().parent.mkdir(parents=True)
    paths.config_file().write_text("\ntemperture = 1\n")
    result = memchat("ask", "Hello?")
    assert result.code == 2
    first, second = result.err.splitlines()
    assert first == f"memchat: {paths.config_file()}, line 2: unknown key 'temperture'"
    assert second.startswith("  Known keys: model, ")


def crash(*_arguments: object) -> None:
    raise RuntimeError("a bug\x1b[31m")


def test_a_bug_is_one_line_and_a_traceback_in_the_log(
    memchat: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "view_bank", crash)
    result = memchat("memory", "list")
    assert result.code == 1
    assert result.err == (
        "memchat: unexpected error: RuntimeError: a bug␛[31m\n"
        f"  The details are in {paths.log_file()}.\n"
    )
    assert "in crash" in paths.log_file().read_text()
    assert paths.log_file().stat().st_mode & 0o777 == 0o600


def test_debug_shows_the_traceback(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "view_bank", crash)
    monkeypatch.setenv("MEMCHAT_DEBUG", "1")
    assert "in crash" in memchat("memory", "list").err


def test_a_bug_without_a_log_is_still_told(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.home().touch()  # type: ignore[union-attr]
    monkeypatch.setattr(session, "view_bank", crash)
    assert "MEMCHAT_DEBUG" in memchat("memory", "list").err


def test_an_interrupt_is_130(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "view_bank", interrupted)
    result = memchat("memory", "list")
    assert (result.code, result.out, result.err) == (130, "", "")


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "memchat", "paths"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_closed_streams_are_no_error() -> None:
    for redirection in ("<&-", ">&-", "2>&-"):
        line = f'"{sys.executable}" -m memchat chats list {redirection}'
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr in ("", "There are no chats yet.\n")


def test_a_terminal_that_knows_only_ascii_gets_question_marks() -> None:
    done = python("-m", "memchat", "doctor", PYTHONIOENCODING="ascii")
    assert done.stdout.startswith("? Python: ")


def test_paths_names_every_place(memchat: Run, memchat_home: Path) -> None:
    found = memchat("paths", "--json").json
    assert set(found) == {"data", "database", "models", "config", "log", "cache"}
    assert all(Path(path).is_relative_to(memchat_home) for path in found.values())
    assert f"database\t{memchat_home}/memchat.db\n" in memchat("paths").out
    assert not memchat_home.exists()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere: be nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def reachable_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home below a directory that everybody may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("MEMCHAT_HOME", f"{folder}/home")
        yield Path(folder) / "home"


def test_a_read_only_bank_can_be_looked_at(memchat: Run, reachable_home: Path) -> None:
    memchat("memory", "add", "Likes tea.")
    assert memchat("memory", "list").code == 0
    reachable_home.chmod(0o555)
    paths.database_file().chmod(0o444)
    with unprivileged():
        listed, changed = memchat("memory", "list"), memchat("memory", "rm", "1")
    assert "Likes tea." in listed.out
    assert (changed.code, changed.out) == (1, "")
    assert "cannot be written" in changed.err
    reachable_home.chmod(0o755)


def test_a_corrupt_database_is_named_and_kept(memchat: Run, memchat_home: Path) -> None:
    memchat_home.mkdir()
    paths.database_file().write_bytes(b"not a database" * 100)
    for command in (["memory", "list"], ["ask", "Hello?"]):
        result = memchat(*command)
        assert result.code == 1
        assert str(paths.database_file()) in result.err
    assert paths.database_file().read_bytes().startswith(b"not a database")
