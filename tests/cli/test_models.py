"""memchat models: fetch one, choose it, check it, remove it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memchat import machine, paths
from memchat.config import load_settings
from memchat.weights.files import part_of
from tests.cli.conftest import Run, Terminal
from tests.weights.file_server import CONTENT, FileServer, catalogue_of, serving


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """The catalogue's only download is `tiny`, from this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(machine, "physical_memory", lambda: 8_000_000_000)
    with serving(b"GGUF" + CONTENT[4:]) as server, catalogue_of(server, tmp_path):
        yield server


@pytest.fixture
def tiny() -> Path:
    """Where it belongs."""
    return paths.models_dir() / "Tiny-Q4_K_M.gguf"


def test_what_there_is_and_what_could_be(memchat: Run) -> None:
    assert memchat("models", "list").out.splitlines() == [
        "*\tsmollm2-135m-instruct\t98 MB\t\tApache-2.0\tembedded\t",
        "\ttiny\t1 MB\t2.0 GB\tApache-2.0\t\tsmall",
    ]
    embedded, tiny = memchat("models", "list", "--json").json
    assert (embedded["availability"], embedded["in_use"]) == ("embedded", True)
    assert (tiny["availability"], tiny["bytes"], tiny["bytes_here"]) == ("absent", 1_000_000, 0)


def test_pulling_by_name_tells_how_far_it_is(memchat: Run, tiny: Path) -> None:
    result = memchat("models", "pull", "TINY")
    assert (result.code, result.out) == (0, f"tiny is here: {tiny}\n")
    progress = result.err.splitlines()
    assert progress[0] == "tiny: 0 MB of 1 MB (0 %)"
    assert progress[-2] == "tiny: 1 MB of 1 MB (100 %)"
    assert progress[-1] == "To use it from now on: memchat models use tiny"
    assert len(progress) <= 13
    assert "\there\t" in memchat("models", "list").out


def test_pulling_on_a_terminal_draws_a_bar(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    assert memchat("models", "pull", "tiny").code == 0
    stderr.seek(0)
    assert "1.0/1.0 MB" in stderr.read()


def test_pulling_without_a_name_recommends_one_and_asks(memchat: Run, tiny: Path) -> None:
    refused = memchat("models", "pull", typed=b"n\n")
    assert (refused.code, tiny.exists()) == (1, False)
    assert "tiny: 1 MB to download, licence Apache-2.0, 2.0 GB of memory" in refused.err
    assert "this machine, which has 8.0 GB" in refused.err
    assert memchat("models", "pull", typed=b"y\n").code == 0
    assert tiny.exists()


def test_a_pipe_has_to_say_yes(memchat: Run, tiny: Path) -> None:
    result = memchat("models", "pull")
    assert (result.code, tiny.exists()) == (2, False)
    assert "--yes" in result.err
    assert memchat("models", "pull", "--yes", "--use").code == 0
    assert load_settings().model == "tiny"


@pytest.mark.parametrize("memory", [2_000_000_000, None])
def test_for_some_machines_none_is_recommended(
    memchat: Run, monkeypatch: pytest.MonkeyPatch, memory: int | None
) -> None:
    monkeypatch.setattr(machine, "physical_memory", lambda: memory)
    result = memchat("models", "pull", "--yes")
    assert result.code == 2
    assert "The embedded one runs anywhere" in result.err


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("tinny", "Did you mean tiny?"), ("smollm2-135m-instruct", "part of the program")],
)
def test_what_cannot_be_pulled(memchat: Run, name: str, complaint: str) -> None:
    result = memchat("models", "pull", name)
    assert (result.code, result.out) == (2, "")
    assert complaint in result.err


def test_a_wrong_file_is_an_error_and_nothing_stays(
    memchat: Run, server: FileServer, tiny: Path
) -> None:
    server.content = server.content[:-1] + b"!"
    result = memchat("models", "pull", "tiny")
    assert (result.code, result.out) == (1, "")
    assert "SHA-256" in result.err
    assert list(tiny.parent.iterdir()) == []


def test_half_a_model_is_shown_as_such(memchat: Run, tiny: Path) -> None:
    tiny.parent.mkdir(parents=True)
    part_of(tiny).write_bytes(bytes(250_000))
    assert "\t25 % here\t" in memchat("models", "list").out


def test_using_a_model_and_going_back(memchat: Run, memchat_home: Path) -> None:
    memchat_home.mkdir()
    paths.config_file().write_text("# mine\nthreads = 1\n")
    memchat("models", "pull", "tiny")
    assert memchat("models", "use", "Tiny").out == "From now on: Tiny-Q4_K_M\n"
    assert paths.config_file().read_text() == '# mine\nthreads = 1\nmodel = "tiny"\n'
    assert "*\ttiny\t" in memchat("models", "list").out
    assert memchat("models", "use", "embedded").code == 0
    assert paths.config_file().read_text() == "# mine\nthreads = 1\n"


def test_using_a_file_of_ones_own(
    memchat: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.gguf").write_bytes(b"GGUF...")
    (tmp_path / "my.txt").write_text("Hello")
    monkeypatch.chdir(tmp_path)
    assert memchat("models", "use", "my.gguf").code == 0
    assert load_settings().model == str(tmp_path / "my.gguf")
    assert f"In use: {tmp_path}/my.gguf" in memchat("models", "list").err
    assert "is no GGUF file" in memchat("models", "use", "my.txt").err


@pytest.mark.parametrize(
    ("model", "complaint"),
    [("tiny", "Run: memchat models pull tiny"), ("none", "There is no model 'none'")],
)
def test_what_is_not_here_cannot_be_used(memchat: Run, model: str, complaint: str) -> None:
    result = memchat("models", "use", model)
    assert (result.code, result.out) == (1, "")
    assert complaint in result.err
    assert not paths.config_file().exists()


def test_removing_asks(memchat: Run, tiny: Path) -> None:
    memchat("models", "pull", "tiny")
    assert memchat("models", "rm", "tiny").code == 2
    refused = memchat("models", "rm", "tiny", typed=b"n\n")
    assert (refused.code, tiny.exists()) == (1, True)
    assert f"{tiny} (1 MB)\nDelete it?" in refused.err
    assert memchat("models", "rm", "tiny", "--yes").out == "Deleted tiny (1 MB).\n"
    assert list(tiny.parent.iterdir()) == []
    assert memchat("models", "rm", "tiny", "--yes").code == 2


def test_the_model_in_use_and_the_embedded_one_stay(memchat: Run, tiny: Path) -> None:
    memchat("models", "pull", "tiny", "--use")
    result = memchat("models", "rm", "tiny", "--yes")
    assert (result.code, tiny.exists()) == (2, True)
    assert "memchat models use embedded" in result.err
    assert "part of the program" in memchat("models", "rm", "smollm2-135m-instruct").err


def test_verifying_reads_every_byte(memchat: Run, tiny: Path) -> None:
    memchat("models", "pull", "tiny")
    (tiny.parent / "mine.gguf").write_bytes(b"GGUF")
    assert memchat("models", "verify").out.splitlines() == [
        "✓ smollm2-135m-instruct",
        "✓ tiny",
        "? mine: not from the catalogue, nothing to compare it with",
    ]
    tiny.write_bytes(bytes(len(CONTENT)))
    result = memchat("models", "verify", "tiny")
    assert (result.code, result.out.splitlines()[0][:7]) == (1, "✗ tiny:")
    assert "memchat models rm tiny && memchat models pull tiny" in result.err
    assert memchat("models", "verify", "mine").code == 0


@pytest.mark.parametrize("name", ["tiny", "nothing"])
def test_what_is_not_here_cannot_be_verified(memchat: Run, name: str) -> None:
    assert memchat("models", "verify", name).code == 2


def test_a_model_is_loaded_by_its_name(memchat: Run) -> None:
    memchat("models", "pull", "tiny")
    [check] = [
        each
        for each in memchat("doctor", "--json", "--model", "tiny").json
        if each["name"] == "models"
    ]
    assert "Tiny-Q4_K_M.gguf" in check["detail"]


def test_ctrl_c_stops_and_the_next_pull_goes_on(
    memchat: Run, tmp_path: Path, server: FileServer, tiny: Path
) -> None:
    server.cuts = [500_000]
    code = (
        "from pathlib import Path; from memchat.weights import catalogue;"
        f"catalogue.models_folder = lambda: Path({str(tmp_path)!r});"
        "from memchat.__main__ import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "models", "pull", "tiny"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        assert process.stderr
        while "50 %" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)  # while it waits to take the connection up again
        rest = process.stderr.read()
        assert process.wait(timeout=10) == 130
    assert rest == "Stopped. To go on from here: memchat models pull tiny\n"
    assert part_of(tiny).stat().st_size == 500_000
    assert memchat("models", "pull", "tiny").code == 0
    assert server.asked == ["bytes=0-", "bytes=500000-"]
